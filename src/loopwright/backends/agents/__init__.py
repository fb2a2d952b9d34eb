"""
Coding agents that people like already, each in its headless mode, as players of roles.

| backend          | program  | API                 |
|------------------|----------|---------------------|
| `claude-code`    | claude   | Messages            |
| `codex`          | codex    | Responses (OpenAI)  |
| `opencode`       | opencode | Messages            |
| `pi`             | pi       | Messages            |
| `aider`          | aider    | Messages            |
| `mini-swe-agent` | mini     | Messages            |

`agent` is what all of them share; the other modules each say how one of them is started, and what its output means:
their exit codes lie (pi says 0 for a refused key, claude for six denied writes). To add one, write a `Definition`.
"""

from __future__ import annotations

from loopwright.backends.agents import aider, claude_code, codex, mini, opencode, pi
from loopwright.backends.agents.agent import Agent

DEFINITIONS = (
    claude_code.DEFINITION,
    codex.DEFINITION,
    opencode.DEFINITION,
    pi.DEFINITION,
    aider.DEFINITION,
    mini.DEFINITION,
)

AGENTS: dict[str, Agent] = {definition.name: Agent(definition) for definition in DEFINITIONS}
