"""What one run works with: the hub, the workshop, its own journal, and what it has spent so far."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from loopwright.checkpoints import reached
from loopwright.contracts import Lab, LabWish, Session, Watch, Workshop
from loopwright.journal.claims import Claim
from loopwright.journal.codec import decode, encode
from loopwright.journal.facts import FileJournal, Lines
from loopwright.journal.guarded import Guarded
from loopwright.journal.hub import Hub
from loopwright.journal.pool import Pool, spent_in
from loopwright.loops.deadline import Deadline
from loopwright.loops.progress import Progress, quiet_at
from loopwright.loops.purse import Purse
from loopwright.loops.wall import Wall, WatchedLab
from loopwright.vocabulary import Allowance, Brief, Chunk, Event, Plan, Report, Usage, Verdict


@dataclass(frozen=True)
class Desk:
    """One run at work. `base` is the mainline's commit that its labs start from."""

    hub: Hub
    shop: Workshop
    claim: Claim
    plan: Plan
    base: str
    kind: str = "plan"

    @property
    def number(self) -> int:
        return self.claim.run

    @property
    def home(self) -> Path:
        return self.hub.run_home(self.number)

    @cached_property
    def journal(self) -> FileJournal:
        return journal_of(self.hub, self.number, self.shop)

    @cached_property
    def wall(self) -> Wall:
        """What stands between this run's roles and what only people and loopwright decide."""
        guarded = Guarded(self.hub, self.shop.loops.mainline, self.number, self.plan.name)
        return Wall(self.hub, guarded, self.journal)

    @property
    def branch(self) -> str:
        return f"loop/{self.plan.name}"

    def tell(self, kind: str, text: str, **facts: object) -> None:
        self.shop.tell(Event(kind, text, {"run": self.number, **facts}))

    def _tell(self, event: Event) -> None:
        self.shop.tell(replace(event, facts={"run": self.number, **event.facts}))

    def note(self, text: str) -> None:
        """Something that the run's page has to say; said once."""
        if not self.journal.last("note", text=text):
            self.journal.write("note", {"text": text})
            self.tell("note", text)

    def keep_output(self, text: str) -> str:
        """Keep all that a command printed, without its secrets; the name of its file."""
        data = text.encode(errors="replace")
        name = f"outputs/{sha256(data).hexdigest()[:16]}.txt"
        (self.home / "outputs").mkdir(exist_ok=True)
        (self.home / name).write_bytes(data)
        return name

    def output_of(self, verdict: Verdict) -> str:
        """All that a failed command printed; its evidence where that isn't known here any more."""
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            return (self.home / verdict.output).read_text(errors="replace")
        return verdict.evidence

    @cached_property
    def purse(self) -> Purse:
        """What this run may take from the day's dollars."""
        return Purse(Pool(self.hub), self.number, self.shop.loops.usd_per_day, self.shop.clock, self._tell)

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(str(fact["text"]) for fact in self.journal.facts() if fact["kind"] == "note")

    def wish(self, name: str, commit: str, *, throwaway: bool) -> LabWish:
        """A lab of this run: `gen-N` for the maker, `gen-N-NAME` for what is thrown away."""
        full = f"gen-{self.number}" + (f"-{name}" if name else "")
        copies = tuple(_copies(self.shop.site.top, self.shop.loops.copy))
        return LabWish(full, commit, self.branch, throwaway, copies)

    @contextlib.contextmanager
    def lab(self, wish: LabWish) -> Iterator[Lab]:
        """A lab of this run, opened; its commands are known to the wall."""
        with self.shop.open_lab(self.shop.site, wish) as lab:
            self.wall.opened(wish.name)
            yield WatchedLab(lab, self.wall, wish.name)

    # -------------------------------------------------------------- sessions

    @cached_property
    def progress(self) -> Progress:
        """What was new in this run, and since when there is nothing: over all its sessions, also across restarts."""
        return Progress(self.shop.clock, self.shop.loops, self.plan.scope, quiet_at(self.journal.facts()))

    def sessions(self) -> tuple[tuple[str, Report], ...]:
        """(role, report) of every session that ended, in order."""
        facts = (fact for fact in self.journal.facts() if fact["kind"] == "session")
        return tuple((str(fact["role"]), decode(Report, fact["report"])) for fact in facts)

    def paid(self, but: str = "") -> tuple[Usage, ...]:
        """What each session has cost, also one that was cut off; without the one named `but`, which counts itself."""
        facts = {str(fact["key"]): fact for fact in self.journal.facts() if fact["kind"] == "session"}
        ended = [decode(Report, fact["report"]).usage for fact in facts.values()]
        begun = sorted((self.home / "transcripts").glob("*.jsonl"))
        return (*ended, *(spent_in(path) for path in begun if path.stem not in {*facts, but}))

    def spent(self) -> Usage:
        return sum(self.paid(), Usage())

    @cached_property
    def deadline(self) -> Deadline:
        """How much of the run's minutes is over."""
        return Deadline.of(self.shop.clock, self.journal.facts(), self.claim.at)

    def play(
        self,
        role_name: str,
        key: str,
        lab: AbstractContextManager[Lab],
        task: str,
        *,
        chunk: Chunk | None = None,
        observations: tuple[str, ...] = (),
        known: tuple[str, ...] = (),
        answer: str | None = None,
    ) -> Report | None:
        """Have a role do one session, once: a session that ended is never held again. None: the role is left out.

        `lab` is entered when there is a session to be held, and not before.
        """
        if fact := self.journal.last("session", key=key):
            return decode(Report, fact["report"])
        role = self.shop.role(role_name)
        backend = self.shop.backend(role)
        if backend is None:
            self.note(f"{role_name} left out: `backend: none`")
            return None
        self.tell("role", f"{role_name} begins", role=role_name, key=key)
        skills = self.shop.skills()
        brief = Brief(
            role=role,
            plan=self.plan,
            task=task,
            skill=skills.get(chunk.skill) if chunk and chunk.skill else None,
            skills=tuple(skill for skill in dict.fromkeys(skills.values()) if not skill.user_only),
            context=self.shop.context(),
            observations=observations,
            known=known,
            answer=answer,
            run=self.number,
            model=self.shop.model(role),
        )
        reached("role:begins")
        with self.wall.playing(role_name), lab as place:
            with self.progress.watching(role_name, place) as watch:
                report = backend.work(brief, place, self._session(key, role_name, brief, watch))
            quiet = {"quiet": round(self.progress.quiet, 3)} if watch else {}
            took = {"elapsed": round(self.deadline.elapsed(), 3)}
            self.journal.write("session", {"key": key, "role": role_name, "report": encode(report), **quiet, **took})
            reached("role:ended")
        if role_name != "maker":  # whose work is looked at once its tree is known
            self.wall.look()
        self.tell("role", f"{role_name} ended: {report.ended}", role=role_name, key=key, usage=encode(self.spent()))
        self._own_up(role_name, report.usage)
        kept = self.journal.last("session", key=key)
        assert kept is not None, "it was written a moment ago"
        return decode(Report, kept["report"])  # as a restart would read it: without the secrets that a role came upon

    def _own_up(self, role: str, usage: Usage) -> None:
        """Say on the page that a dollar ceiling doesn't bind a model without a known price."""
        ceiling = self.plan.budget.usd if self.plan.budget.usd is not None else self.shop.loops.usd_per_run
        if ceiling is not None and usage.requests and usage.usd is None:
            self.note(f"the ceiling of ${ceiling:g} doesn't bind the {role}: {usage.unpriced}")

    def _session(self, key: str, role: str, brief: Brief, watch: Watch | None) -> Session:
        def tell(event: Event) -> None:
            self._tell(replace(event, facts={"role": role, **event.facts}))

        turns = brief.role.max_turns or self.shop.allowance.turns
        transcript = Lines(self.home / "transcripts" / f"{key}.jsonl", self.shop.secrets)
        self.wall.transcripts.append(transcript)
        paid = (*self.paid(but=key), self.purse.charges())
        own = _counted_itself(transcript.entries())
        allowance = replace(left(self.shop, self.plan, paid, self.deadline.elapsed() - own), turns=turns)
        return Session(transcript, allowance, self.shop.clock, tell, self.shop.env, watch, self.purse)


def journal_of(hub: Hub, number: int, shop: Workshop) -> FileJournal:
    """The journal of run N."""
    return FileJournal(hub.run_home(number) / "journal.jsonl", shop.clock, shop.secrets)


def _counted_itself(entries: Sequence[Mapping[str, Any]]) -> float:
    """The seconds of a session that it counts itself: a conversation goes on where it stood. A program begins anew, and
    what it took before is over for the run."""
    goes_on = any(entry["kind"] == "begin" for entry in entries)
    return max((float(entry.get("at", 0.0)) for entry in entries), default=0.0) if goes_on else 0.0


def seconds_at_work(facts: Sequence[Mapping[str, Any]], start: str, end: str) -> float:
    """Seconds from one moment to another, less those that the run stood still: from its last fact to `resumed`."""
    began, ended = datetime.fromisoformat(start), datetime.fromisoformat(end)
    times = [datetime.fromisoformat(fact["at"]) for fact in facts]
    stood = [(times[i - 1], times[i]) for i in range(1, len(facts)) if facts[i]["kind"] == "resumed"]
    idle = sum(max((min(until, ended) - max(since, began)).total_seconds(), 0.0) for since, until in stood)
    return max((ended - began).total_seconds() - idle, 0.0)


def left(shop: Workshop, plan: Plan, paid: tuple[Usage, ...], elapsed: float) -> Allowance:
    """What a session may spend: the run's ceilings (plan, environment, LOOPS.md) less what is gone. A session
    without a known price takes nothing from the dollars, and leaves standing what others took."""
    seconds = [shop.allowance.seconds] if shop.allowance.seconds is not None else []
    seconds += [max(plan.budget.minutes * 60 - elapsed, 0.0)] if plan.budget.minutes is not None else []
    tokens = plan.budget.tokens or shop.allowance.tokens or shop.loops.tokens
    usd = plan.budget.usd if plan.budget.usd is not None else shop.loops.usd_per_run
    return replace(
        shop.allowance,
        seconds=min(seconds, default=None),
        tokens=max(tokens - sum(usage.tokens for usage in paid), 0) if tokens else None,
        usd=max(usd - sum(usage.usd or 0.0 for usage in paid), 0.0) if usd is not None else None,
    )


def _copies(top: Path, patterns: tuple[str, ...]) -> list[tuple[str, bytes]]:
    """Untracked files that a lab needs, as LOOPS.md names them. Links and files over 1 MiB are left."""
    found = (path for pattern in patterns if not pattern.startswith("/") for path in sorted(top.glob(pattern)))
    small = (path for path in found if path.is_file() and not path.is_symlink() and path.stat().st_size < 1 << 20)
    return [(path.relative_to(top).as_posix(), path.read_bytes()) for path in small]
