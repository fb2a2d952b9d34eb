"""pi: `pi -p --mode json`, which prints every event; its exit code is 0 whatever happens."""

from __future__ import annotations

import json

from loopwright.backends.agents.definition import Definition, Left, Said, Start, Task


def _start(task: Task) -> Start:
    words = ["pi", "-p", "--mode", "json", "--provider", "anthropic", "--model", task.model]
    # Newer models refuse the thinking budgets that it would send; they think by themselves.
    words += ["--thinking", "off", "--no-extensions"]
    env = {
        "PI_CODING_AGENT_DIR": str(task.home),
        "ANTHROPIC_API_KEY": task.token,
        "PI_OFFLINE": "1",
        "PI_TELEMETRY": "0",
    }
    models = {"providers": {"anthropic": {"baseUrl": task.url}}}
    return Start(tuple(words), env, {"models.json": json.dumps(models).encode()})


def _says(left: Left) -> Said:
    ends = [event["message"] for event in left.events if event.get("type") == "message_end"]
    said = [message for message in ends if message.get("role") == "assistant"]
    if not said:
        return Said(False, why="pi ended without an answer of the model's")
    last = said[-1]
    text = "\n".join(str(part["text"]) for part in last.get("content") or () if part.get("type") == "text").strip()
    if last.get("stopReason") != "stop":
        return Said(
            False, text, f"pi stopped: {last.get('stopReason')} {str(last.get('errorMessage') or '')[:500]}".strip()
        )
    return Said(True, text)


DEFINITION = Definition("pi", "pi", "npm install -g @mariozechner/pi-coding-agent", _start, _says)
