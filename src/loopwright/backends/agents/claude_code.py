"""Claude Code: `claude -p`, which prints one JSON object a line, the last of them with what came of it."""

from __future__ import annotations

from loopwright.backends.agents.definition import Definition, Left, Said, Start, Task

_QUIET = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_TELEMETRY": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "IS_SANDBOX": "1",  # else it refuses to work without asking where the lab's commands run as root
}


def _start(task: Task) -> Start:
    # --bare: a ninth of the tokens for the same work (measured), and nothing of a person's or the repository's own
    # settings, hooks and plug-ins; what the repository says of itself stands in the brief.
    words = ["claude", "--bare", "-p", "--model", task.model, "--output-format", "stream-json", "--verbose"]
    words += ["--permission-mode", "bypassPermissions"]  # the lab is the wall; there is nobody to be asked
    words += ["--json-schema", task.schema_text] if task.schema_text else []
    return Start(tuple(words), {**_QUIET, "ANTHROPIC_BASE_URL": task.url, "ANTHROPIC_API_KEY": task.token})


def _says(left: Left) -> Said:
    results = [event for event in left.events if event.get("type") == "result"]
    if not results:
        return Said(False, why="claude ended without its result")
    result = results[-1]
    text, denied = str(result.get("result") or ""), result.get("permission_denials") or ()
    if result.get("is_error") or result.get("subtype") != "success":
        return Said(
            False, text, f"claude says {result.get('subtype')} ({result.get('api_error_status') or 'an error'})"
        )
    if denied:
        return Said(False, text, f"claude was denied {len(denied)} of its tool calls, and says success")
    return Said(True, text, answer=result.get("structured_output"))


DEFINITION = Definition("claude-code", "claude", "npm install -g @anthropic-ai/claude-code", _start, _says)
