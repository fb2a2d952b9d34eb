"""A gateway for a program that plays a role in a lab: what it asks a model is paid, counted and bounded here."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from loopwright.backends.paying import shared
from loopwright.contracts import Endpoint, Lab, Session
from loopwright.errors import LoopwrightError, Unreachable
from loopwright.models import gateway
from loopwright.models.defaults import Access, access, openai_access
from loopwright.models.gateway import Gateway, Upstream
from loopwright.models.retry import Failure, final, place
from loopwright.vocabulary import Brief, Event, Usage

_KEY_TROUBLE = (401, 402, 403, 404)


@dataclass(frozen=True)
class Feed:
    """An open gateway as the lab sees it."""

    door: Gateway
    url: str

    @property
    def token(self) -> str:
        return self.door.token

    @property
    def env(self) -> dict[str, str]:
        """The names by which programs know of an endpoint and a key, for the APIs that are to be had."""
        known: dict[str, str] = {}
        if "anthropic" in self.door.upstreams:
            known |= {"ANTHROPIC_BASE_URL": self.url, "ANTHROPIC_API_KEY": self.token}
        if "openai" in self.door.upstreams:
            known |= {"OPENAI_BASE_URL": f"{self.url}/v1", "OPENAI_API_KEY": self.token}
        return known

    def trouble(self, model: str) -> LoopwrightError | None:
        """What the last no means for the run: that a person has to wait (also for tomorrow's dollars), or to mend the
        key or the model's name. None where it was no trouble of the far side's."""
        if self.door.barred:
            return self.door.barred
        failure = self.door.failure
        if failure is None or failure.too_long:
            return None
        url = next((upstream.url for upstream in self.door.upstreams.values()), "")
        if failure.passes:
            return _absent(failure, url, model)
        return final(failure, url, model) if failure.status in _KEY_TROUBLE else None


def _absent(failure: Failure, url: str, model: str) -> Unreachable:
    return Unreachable(
        f"the model {model} at {place(url)} can't be had: {failure}", "try again later: the run goes on then"
    )


def upstreams(role: str, env: Mapping[str, str], apis: Sequence[str]) -> dict[str, Upstream]:
    """Where requests by these APIs go. Raises Unreachable for one without a key."""
    found: dict[str, Access] = {}
    if "anthropic" in apis:
        found["anthropic"] = access(role, env)
    if "openai" in apis:
        found["openai"] = openai_access(env)
    return {name: Upstream(known.url, known.key) for name, known in found.items()}


def keyed(role: str, env: Mapping[str, str]) -> dict[str, Upstream]:
    """The same for every API that there is a key for; nothing where labs reach no gateway."""
    found: dict[str, Upstream] = {}
    if env.get("LOOPWRIGHT_NETWORK") == "none":
        return found
    for api in ("anthropic", "openai"):
        with contextlib.suppress(Unreachable):
            found |= upstreams(role, env, (api,))
    return found


@contextlib.contextmanager
def fed(brief: Brief, lab: Lab, session: Session, to: Mapping[str, Upstream], model: str) -> Iterator[Feed]:
    """A gateway that this lab reaches, until the block ends. What its calls were stands in the session's transcript."""
    role = brief.role

    def keep(entry: Mapping[str, Any]) -> None:
        session.transcript.append(entry)
        if entry["kind"] == "call":
            _tell(session, role.name, entry)

    turns = min(session.allowance.turns, role.max_turns or session.allowance.turns)
    allowance = replace(session.allowance, turns=turns)
    before = session.transcript.entries()
    with gateway.opened(to, allowance, session.clock, keep, model=model, before=before, toll=shared(session)) as door:
        yield Feed(door, lab.reach(Endpoint(door.port, door.socket)))


def _tell(session: Session, role: str, entry: Mapping[str, Any]) -> None:
    if entry.get("refused"):
        session.tell(Event("note", f"{role}: a call was refused: {entry['failure']}", {"role": role}))
        return
    paid = gateway.spent(session.transcript.entries())
    facts = {"role": role, "turn": paid.requests, "tokens": paid.tokens, "usd": paid.usd, "seconds": entry.get("at")}
    session.tell(Event("role", f"{role}: turn {paid.requests}", facts))
    for tool in entry.get("tools", ()):
        session.tell(Event("tool", str(tool), {"role": role, "tool": str(tool)}))


@dataclass(frozen=True, slots=True)
class Fare:
    """What a session's calls came to, by its transcript."""

    usage: Usage
    tools: Mapping[str, int]
    tool_errors: int
    model: str | None


def fare(entries: Sequence[Mapping[str, Any]]) -> Fare:
    """The sum of the calls among a transcript's entries."""
    calls = [entry for entry in entries if entry["kind"] == "call"]
    tools = Counter(str(tool) for call in calls for tool in call.get("tools", ()))
    models = [str(call["model"]) for call in calls if call.get("usage")]
    errors = sum(int(call.get("tool_errors", 0)) for call in calls)
    return Fare(gateway.spent(calls), dict(tools), errors, models[-1] if models else None)
