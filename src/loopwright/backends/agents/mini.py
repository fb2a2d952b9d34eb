"""mini-swe-agent: `mini`, with one tool, the shell. What came of it stands in the trajectory that it writes."""

from __future__ import annotations

import json

from loopwright.backends.agents.definition import Definition, Left, Said, Start, Task

_TRAJECTORY = "trajectory.json"
_LONGEST_WORD = 100_000
"""Bytes that the system takes as one word of a command are 131,072; a longer brief is read from its file."""
_READ_IT = "Your whole task stands in the file {}. Read all of it first, then do it."


def _start(task: Task) -> Start:
    told = task.brief.read_text(errors="replace")
    text = told if len(told.encode()) < _LONGEST_WORD else _READ_IT.format(task.brief)
    words = ["mini", "-y", "--exit-immediately", "-m", f"anthropic/{task.model}", "-l", "0"]
    words += ["-t", f"\n\n{text}"]  # it puts words of its own before it
    words += ["-o", str(task.home / _TRAJECTORY), "-c", "mini.yaml", "-c", f"agent.step_limit={task.turns}"]
    # By itself it asks for 128,000 tokens, which at once may be more than a whole run's budget.
    words += ["-c", "model.model_kwargs.max_tokens=32000"]
    env = {"ANTHROPIC_API_BASE": task.url, "ANTHROPIC_API_KEY": task.token, "MSWEA_CONFIGURED": "true"}
    env |= {"MSWEA_SILENT_STARTUP": "1", "MSWEA_COST_TRACKING": "ignore_errors", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    return Start(tuple(words), env, fed=False)


def _says(left: Left) -> Said:
    info = json.loads(left.file(_TRAJECTORY) or b"{}").get("info") or {}
    text, status = str(info.get("submission") or "").strip(), str(info.get("exit_status") or "")
    if status != "Submitted":
        return Said(False, text, f"mini ended with {status or 'no trajectory'}")
    return Said(True, text)


DEFINITION = Definition("mini-swe-agent", "mini", "pip install mini-swe-agent mcp", _start, _says)
