"""A command that failed, and why it did: one cause of a closed list, or several with how likely each is."""

from __future__ import annotations

from dataclasses import dataclass

# The closed list. Each names what has to change before the command can pass.
CAUSES = (
    "missing-tool",
    "missing-dependency",
    "permission",
    "missing-path",
    "timeout",
    "test-failure",
    "build-error",
    "resource",
    "network",
    "conflict",
    "agent-conduct",
    "unknown",
)


@dataclass(frozen=True, slots=True)
class FailedCommand:
    """What is known of it. `exit_code` is None where it isn't known; a signal's is 128 + N, or -N."""

    command: str
    exit_code: int | None
    output: str
    timed_out: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """One cause with its confidence: the share of cases like this one in which it was the cause (0 to 1)."""

    label: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a command failed: the likeliest candidate first, at least one; their confidences add up to 1 at most."""

    candidates: tuple[Candidate, ...]

    @property
    def label(self) -> str:
        return self.candidates[0].label

    @property
    def confidence(self) -> float:
        return self.candidates[0].confidence
