"""One session's door: each request let in, passed on, charged and written down."""

from __future__ import annotations

import contextlib
import secrets
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import loopwright.models.gateway.notes as notes
from loopwright import shell
from loopwright.checkpoints import reached
from loopwright.errors import LoopwrightError
from loopwright.models.gateway.apis import APIS, MISSING, Api, Upstream, refusal
from loopwright.models.gateway.asking import Asked, Senseless, read
from loopwright.models.gateway.forwarding import TALKS, Line, Out, Passed
from loopwright.models.gateway.purse import Ceiling, Purse, Refused, Wish
from loopwright.models.retry import Failure, Time
from loopwright.vocabulary import Allowance, Usage

if TYPE_CHECKING:
    from loopwright.models.gateway.serving import Porter

Keep = Callable[[Mapping[str, Any]], None]
Toll = Callable[[Wish], AbstractContextManager[tuple[Ceiling, Callable[[Usage], None]]]]
"""Sets a call's ceiling aside while it is made: yields what it may cost, and whom to tell what it did cost. Raises
LoopwrightError."""

_JSON = {"content-type": "application/json"}
_PLACES = "lw-"
_LONGEST_PLACE = 60  # characters: a unix socket's whole path has at most 107
_LAST_WORDS = 2.0
"""Seconds that calls in flight get to come to their end when the session is over."""


def free(wish: Wish) -> AbstractContextManager[tuple[Ceiling, Callable[[Usage], None]]]:
    """Nobody shares anything."""
    return contextlib.nullcontext((wish.most, lambda usage: None))


@dataclass
class Gateway:
    """One session's door to the models. `model`: the one that the role was given, whether its price is known or not."""

    upstreams: Mapping[str, Upstream]
    time: Time
    keep: Keep = field(repr=False)
    purse: Purse
    model: str
    token: str = field(repr=False)
    port: int = 0
    socket: Path = Path()
    refused: Refused | None = None  # the newest call's, when it wasn't let in
    failure: Failure | None = None  # the newest call's, when it brought no answer
    toll: Toll = free  # what all runs share is asked before each call, and told what that cost
    barred: LoopwrightError | None = None  # why the newest call wasn't let in there
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _flying: dict[int, Asked] = field(default_factory=dict)
    _opened: Line | None = None  # with the first request: most of it is the import of the HTTP client
    _over: bool = False  # nothing goes out any more

    @property
    def _line(self) -> Line:
        with self._lock:
            if self._over:
                raise ConnectionError("the session is over")
            self._opened = self._opened or Line()
            return self._opened

    def knows(self, path: str) -> bool:
        return path in APIS

    def answer(self, path: str, query: str, headers: Mapping[str, str], data: bytes, out: Out) -> None:
        """Answer one request of the lab's: by the far side, or with why not."""
        api = APIS[path]
        try:
            asked = read(data)
        except Senseless as problem:
            out.whole(400, _JSON, refusal(400, str(problem)))
            return
        if api.upstream not in self.upstreams:
            out.whole(403, _JSON, refusal(403, MISSING[api.upstream]))
        elif api.generates:
            self._spend(api, asked, query, headers, out)
        else:
            self._pass(api, asked, query, headers, out).last()

    def _spend(self, api: Api, asked: Asked, query: str, headers: Mapping[str, str], out: Out) -> None:
        """A call that costs: let in by the purse, written down before it goes out and after it came back."""
        try:
            number, wish = self._admitted(asked)
        except Refused as no:
            with self._lock:
                self.refused = no
                told = {"kind": notes.CALL, "model": asked.model, "refused": no.word, "failure": no.why}
                self.keep({**told, "at": self._at})
            out.whole(403, _JSON, refusal(403, f"{no.why} ({no.word})"))
            return
        try:
            with self.toll(wish) as (ceiling, tell):
                if not self._goes_on(number):  # what all runs share came free after the session's end
                    tell(Usage())
                    return
                reached("gateway:admitted")
                asked = asked.within(ceiling, api)
                passed = self._pass(api, asked, query, headers, out)
                reached("gateway:answered")
                tell(self._settled(number, api, asked, passed))
                reached("gateway:metered")
        except _Over:
            out.hang_up()
        except _Unheard:
            passed.last()
        except LoopwrightError as no:
            self._barred(number, asked, no)
            out.whole(403, _JSON, refusal(403, str(no)))
        else:
            passed.last()

    def _goes_on(self, number: int) -> bool:
        """Whether a call that was let in is still to be made; at the session's end it was given up."""
        with self._lock:
            return number in self._flying

    def _barred(self, number: int, asked: Asked, no: LoopwrightError) -> None:
        """A call that all runs together can't pay for: it wasn't made, and cost nothing."""
        with self._lock:
            if self._flying.pop(number, None) is None:
                return  # the session is over: this call was given up already
            self.barred = no
            told = {"kind": notes.CALL, "call": number, "model": asked.model, "refused": "day", "failure": str(no)}
            self.keep({**told, "at": self._at})
        self.purse.settle(number, Usage())

    def _admitted(self, asked: Asked) -> tuple[int, Wish]:
        wish = asked.wish(self.time.now().date())
        if wish.most.usd is None and self.purse.allowance.usd is not None and self.model not in ("", asked.model):
            raise Refused("dollars", f"the price of {asked.model[:100]} isn't known, and this session has a ceiling")
        number, ceiling = self.purse.reserve(wish)
        with self._lock:
            self._flying[number] = asked
            self.keep(notes.began(number, asked, ceiling, self._at))
        return number, replace(wish, most=ceiling)

    def _pass(self, api: Api, asked: Asked, query: str, headers: Mapping[str, str], out: Out) -> Passed:
        return self._line.passed(api, self.upstreams[api.upstream], query, headers, asked.data, asked.streams, out)

    def _settled(self, number: int, api: Api, asked: Asked, passed: Passed) -> Usage:
        """Let the call count; what it cost. Raises _Over when it was given up meanwhile, and _Unheard."""
        passed.ear.over()
        paid = notes.usage(asked, passed, self.time.now().date())
        with self._lock:
            if self._flying.pop(number, None) is None:
                raise _Over
            self.refused, self.barred, self.failure = None, None, passed.failure
            lost = {**_lost(number, asked.model), "at": round(self._at, 3)}
            self.keep(lost if passed.unheard else notes.ended(number, api.path, asked, passed, paid, self._at))
        if passed.unheard:
            self.purse.lose(number)
            raise _Unheard
        self.purse.settle(number, paid)
        return paid

    @property
    def _at(self) -> float:
        return self.time.monotonic() - self.purse.began

    def end(self) -> None:
        """Give up what is still in flight, and let go of the far side. What is shared charges its ceiling."""
        with self._lock:
            for number, asked in self._flying.items():
                self.keep(_lost(number, asked.model))
            self._flying.clear()
            self._over = True
            if self._opened is not None:
                self._opened.close()


class _Over(Exception):
    """The session is over, and a call came back after it."""


class _Unheard(Exception):
    """A call may have been answered, and the answer was lost on the way."""


def _lost(number: object, model: str) -> dict[str, Any]:
    """The entry for a call of which nobody knows what it cost: its ceiling is charged, also by what all runs share."""
    why = "nobody saw its end: it is charged as all that it might have cost"
    return {"kind": notes.CALL, "call": number, "model": model, "whole": False, "failure": why}


def spent(entries: Sequence[Mapping[str, Any]]) -> Usage:
    """What the calls among a transcript's entries have cost."""
    return sum((Usage(**entry["usage"]) for entry in entries if isinstance(entry.get("usage"), dict)), Usage())


def _orphans(entries: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The calls that a process which was killed had begun."""
    open_calls: dict[object, Mapping[str, Any]] = {}
    for entry in entries:
        if entry.get("kind") == notes.ASKED:
            open_calls[entry["call"]] = entry
        elif entry.get("kind") == notes.CALL:
            open_calls.pop(entry.get("call"), None)
    yield from open_calls.values()


@contextlib.contextmanager
def opened(
    upstreams: Mapping[str, Upstream],
    allowance: Allowance,
    time: Time,
    keep: Keep,
    *,
    model: str = "",
    before: Sequence[Mapping[str, Any]] = (),
    toll: Toll = free,
    chance: Callable[[int], str] = secrets.token_hex,
) -> Iterator[Gateway]:
    """Open the door for one session. `upstreams` by name: anthropic, openai. `keep` gets each call's entries, one at a
    time, from any thread. `before`: the entries of an earlier process of this session, whose answers count; what it had
    in flight is taken from the allowance already."""
    from loopwright.models.gateway.serving import Porter, served  # http.server: 30 ms that most commands never need

    orphans = list(_orphans(before))
    for entry in orphans:
        keep(_lost(entry["call"], entry["model"]))
    paid = spent(before)
    dollars = sum(Usage(**entry["usage"]).usd or 0.0 for entry in before if isinstance(entry.get("usage"), dict))
    purse = Purse(allowance, time.monotonic, time.monotonic(), paid, dollars, paid.requests + len(orphans))
    purse = replace(purse, _number=sum(entry.get("kind") == notes.ASKED for entry in before))
    door = Gateway(upstreams, time, keep, purse, model, f"lw-{chance(24)}", toll=toll)
    porter = Porter(door.token, door)
    with _place() as folder, served(porter, folder / "socket") as port:
        door.port, door.socket = port, folder / "socket"
        try:
            yield door
        finally:
            _close(door, porter)


def _close(door: Gateway, porter: Porter) -> None:
    """End the talks. Calls that were just made get a moment to be counted; what doesn't end then is charged in full."""
    door.purse.close()
    porter.hang_up()
    for _ in range(TALKS):
        if not porter.talks.acquire(timeout=_LAST_WORDS):
            break
    door.end()


def clear_dead() -> None:
    """Take away the sockets of gateways whose processes were killed."""
    shell.clear_dead(_PLACES, _where())


def _where() -> Path:
    found = Path(tempfile.gettempdir())
    return found if len(str(found)) <= _LONGEST_PLACE else Path("/tmp")


@contextlib.contextmanager
def _place() -> Iterator[Path]:
    """A folder for the socket that others may enter: a lab's commands may run as somebody else."""
    with shell.temporary(_PLACES, _where()) as folder:
        folder.chmod(0o755)
        yield folder
