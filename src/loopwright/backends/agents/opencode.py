"""OpenCode: `opencode run --format json`, which prints a line for each step's beginning, text, tool call and end."""

from __future__ import annotations

import json

from loopwright.backends.agents.definition import Definition, Left, Said, Start, Task

_QUIET = {
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
    "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1",
}


def _start(task: Task) -> Start:
    model = f"anthropic/{task.model}"
    config = {
        "autoupdate": False,
        "share": "disabled",
        "permission": "allow",  # any question hangs it where nobody answers; the lab is the wall
        "provider": {"anthropic": {"options": {"baseURL": f"{task.url}/v1", "apiKey": task.token}}},
        "model": model,
        "small_model": model,
    }
    words = ("opencode", "run", "--format", "json", "--model", model, "--auto")
    return Start(words, {**_QUIET, "OPENCODE_CONFIG_CONTENT": json.dumps(config)})


def _says(left: Left) -> Said:
    texts: list[str] = []
    reason, error = "", ""
    for event in left.events:
        part = event.get("part") or {}
        match event.get("type"):
            case "step_start":
                texts, reason = [], ""
            case "text":
                texts.append(str(part.get("text", "")))
            case "step_finish":
                reason = str(part.get("reason", ""))
            case "error":
                error = json.dumps(event.get("error"))[:500]
    text = "\n".join(texts).strip()
    if error or reason != "stop":
        return Said(False, text, f"opencode stopped: {error or reason or 'in the middle of a step'}")
    return Said(True, text)


DEFINITION = Definition("opencode", "opencode", "npm install -g opencode-ai", _start, _says)
