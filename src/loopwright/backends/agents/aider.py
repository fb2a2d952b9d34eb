"""aider: one message, its edits, and the end. It prints prose; that it was heard to its end is seen at the gateway."""

from __future__ import annotations

from loopwright.backends.agents.definition import Definition, Left, Said, Start, Task

_TAIL = 4_096


def _start(task: Task) -> Start:
    words = ["aider", "--model", f"anthropic/{task.model}", "--message-file", str(task.brief), "--yes-always"]
    words += ["--no-auto-commits", "--no-dirty-commits", "--no-gitignore", "--no-pretty", "--no-stream"]
    words += ["--no-check-update", "--no-show-release-notes", "--no-analytics", "--no-show-model-warnings"]
    words += ["--no-suggest-shell-commands", "--no-detect-urls", "--edit-format", "diff"]
    # Its notes belong into its home: in the repository they would be part of the change.
    for what in ("chat", "input", "llm"):
        words += [f"--{what}-history-file", str(task.home / f"aider.{what}.history")]
    env = {"ANTHROPIC_API_BASE": task.url, "ANTHROPIC_API_KEY": task.token, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    return Start(tuple(words), env, fed=False)


def _says(left: Left) -> Said:
    text = left.ran.output[-_TAIL:].strip()
    if left.ran.code != 0 or not left.answered:
        return Said(False, text, f"aider ended with {left.ran.code}{'' if left.answered else ', its model unheard'}")
    return Said(True, text)


DEFINITION = Definition("aider", "aider", "pip install aider-chat", _start, _says)
