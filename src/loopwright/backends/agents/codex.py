"""Codex: `codex exec --json`, which prints thread, turn and item events. It speaks the Responses API alone."""

from __future__ import annotations

import json

from loopwright.backends.agents.definition import Definition, Left, Said, Start, Task


def _start(task: Task) -> Start:
    provider = (
        f'{{name="gateway",base_url={json.dumps(f"{task.url}/v1")},wire_api="responses",env_key="OPENAI_API_KEY"}}'
    )
    settings = ('model_provider="gateway"', f"model_providers.gateway={provider}", "analytics.enabled=false")
    words = ["codex", "exec", "--json", "--skip-git-repo-check"]
    # Its own sandbox leaves .git read-only and is none where a lab forbids namespaces; the lab is the wall.
    words += ["--dangerously-bypass-approvals-and-sandbox"]
    words += ["--model", task.model] if task.model else []
    words += [word for setting in (*settings, 'web_search="disabled"') for word in ("-c", setting)]
    words += ["--disable", "plugins", "--disable", "apps"]  # they ask around for four seconds
    words += ["--output-schema", str(task.schema)] if task.schema else []
    env = {"CODEX_HOME": str(task.home), "OPENAI_API_KEY": task.token}
    return Start((*words, "-"), env)


def _says(left: Left) -> Said:
    text, ended, why = "", "", ""
    for event in left.events:
        match event.get("type"):
            case "turn.started":
                ended = ""
            case "turn.completed" | "turn.failed":
                ended = str(event["type"])
                why = str((event.get("error") or {}).get("message", ""))[:500]
            case "item.completed" if event["item"].get("type") == "agent_message":
                text = str(event["item"].get("text", ""))
    if ended != "turn.completed":
        return Said(False, text, f"codex: {ended or 'it ended in the middle of its turn'} {why}".strip())
    return Said(True, text)


DEFINITION = Definition("codex", "codex", "npm install -g @openai/codex", _start, _says, api="openai")
