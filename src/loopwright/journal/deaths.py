"""How often processes of runs died without a word, kept for whoever watches next: a machine that takes the watcher
along with a run would else begin to count anew each time."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from loopwright.journal.facts import Lines
from loopwright.journal.hub import Hub


@dataclass(frozen=True, slots=True)
class Death:
    """A process died: at which job, when (UTC), and under which circumstances it had begun."""

    verb: str
    plan: str
    run: int | None
    at: str
    circumstances: str


def note(hub: Hub, death: Death) -> None:
    """Keep a death."""
    Lines(_file(hub)).append(asdict(death))


def within(hub: Hub, now: datetime, seconds: float) -> tuple[Death, ...]:
    """The deaths of the last so many seconds, oldest first. A line that nobody of ours wrote is none."""
    since = now - timedelta(seconds=seconds)
    return tuple(death for entry in Lines(_file(hub)).entries() if (death := _read(entry)) and _at(death) > since)


def ago(death: Death, now: datetime) -> float:
    """Seconds since a death; none of them where the clock was set back."""
    return max((now - _at(death)).total_seconds(), 0.0)


def forget(hub: Hub) -> None:
    """Begin to count anew: a person has been told."""
    _file(hub).unlink(missing_ok=True)


def _read(entry: object) -> Death | None:
    try:
        death = Death(**entry)  # type: ignore[arg-type]
        _at(death)
    except (TypeError, ValueError):
        return None
    return death


def _at(death: Death) -> datetime:
    found = datetime.fromisoformat(death.at)
    if found.tzinfo is None:
        raise ValueError("a moment without its zone")
    return found


def _file(hub: Hub) -> Path:
    return hub.home / "deaths.jsonl"
