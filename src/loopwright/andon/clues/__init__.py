"""What outputs say, as lists: one module per cause, each with the words that speak for it."""

from __future__ import annotations

from collections.abc import Mapping

from loopwright.andon.clues import (
    agent_conduct,
    build_error,
    conflict,
    failed_test,
    missing_dependency,
    missing_path,
    missing_tool,
    network,
    permission,
    resource,
    timeout,
    unknown,
)
from loopwright.andon.clues.clue import Clue

BY_CAUSE: Mapping[str, tuple[Clue, ...]] = {
    "missing-tool": missing_tool.CLUES,
    "missing-dependency": missing_dependency.CLUES,
    "permission": permission.CLUES,
    "missing-path": missing_path.CLUES,
    "timeout": timeout.CLUES,
    "test-failure": failed_test.CLUES,
    "build-error": build_error.CLUES,
    "resource": resource.CLUES,
    "network": network.CLUES,
    "conflict": conflict.CLUES,
    "agent-conduct": agent_conduct.CLUES,
    "unknown": unknown.CLUES,
}
