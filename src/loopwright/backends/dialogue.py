"""Ask, keep, act, until the role is done or one of its ceilings is reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from loopwright import stopping
from loopwright.backends import offers, shape
from loopwright.backends.briefing import opening
from loopwright.backends.conversation import Conversation
from loopwright.backends.paying import Spent
from loopwright.backends.tools import Outcome, Tools
from loopwright.contracts import Lab, Session
from loopwright.models.client import HALTED, Request, Turn
from loopwright.models.retry import PromptTooLong
from loopwright.vocabulary import Brief, Event, Report

TRIM_AT = 150_000
"""Tokens of a prompt from which room is made before the next request: it fits the smallest window with an answer."""
_WORTH = 80_000
"""Bytes that a trim must save, or it isn't done: each one makes the cache start anew."""
_HALF = 2
_MOST_MALFORMED = 2

_WHOLE = ("end_turn", "tool_use", "stop_sequence")
_CUT = "your answer was cut off before this call was whole, so nothing was done; make it again, in smaller parts"
_GO_ON = "Your answer was cut off at its length limit. Go on from there, in smaller parts."
_RESTARTED = "the runner was restarted while this call ran; look at the state before going on"
_MADE_ANEW = "The runner was restarted and the files were made anew: what you changed is gone. Do it again, then go on."
_FIRST_WORDS = 100

Ask = Callable[[Request], Turn]


def converse(brief: Brief, lab: Lab, session: Session, ask: Ask, model: str | None) -> Report:
    """Play a role turn by turn, `ask` being who says what comes next. Goes on from a transcript that has begun."""
    talk = Conversation.of(session.transcript)
    if talk.end is not None:
        return talk.report()
    offered = offers.names(brief)
    tools = Tools(lab, offered, brief.skills, session.watch)
    return Dialogue(brief, session, ask, talk, tools, model or "", session.clock.monotonic() - talk.at).play()


@dataclass
class Dialogue:
    """One role's work. `started` is on the session's clock; waiting for an absent model moves it on."""

    brief: Brief
    session: Session
    ask: Ask
    talk: Conversation
    tools: Tools
    model: str
    started: float
    squeezed: bool = False  # room was made because the model said that it was too long

    def play(self) -> Report:
        """To the end. Raises what `ask` raises when the model can't be had; the transcript then goes on from here."""
        if self.talk.messages:
            self._resume()
        else:
            begin = opening(self.brief, skills="read_skill" in self.tools.offered)
            told = {"system": begin.system, "first": begin.first, "tools": list(self.tools.offered)}
            self.talk.keep("begin", role=self.brief.role.name, model=self.model or None, **told)
        while self.talk.end is None:
            if ceiling := self._ceiling():
                self._end(ceiling, self.talk.text)
            else:
                with stopping.finishing(f"the {self.brief.role.name}'s answer, with what it calls for,"):
                    self._turn()
        return self.talk.report()

    def _resume(self) -> None:
        """Do what the last kept answer called for: it was paid for, and nobody knows how far it was acted upon."""
        if self.tools.lab.fresh and not self.brief.answer:
            self._start_over()
        elif self.talk.stop_reason in _WHOLE and self.talk.waiting:
            self._answer_calls(restarted=True)
        elif self.talk.stop_reason:
            self._act(self.talk.stop_reason)

    def _start_over(self) -> None:
        """What a maker did is gone with its lab, but not what it learned: it is told, and does it again."""
        for call in tuple(self.talk.waiting):
            self._keep_result(call, Outcome(_RESTARTED, error=True))
        self.talk.keep("go-on", text=_MADE_ANEW, at=self.elapsed)

    @property
    def elapsed(self) -> float:
        return self.session.clock.monotonic() - self.started

    def _ceiling(self) -> str | None:
        """The word for the first ceiling that is reached; looked at before each request, so each costs one at most."""
        allowance, used = self.session.allowance, self.talk.usage
        turns = min(allowance.turns, self.brief.role.max_turns or allowance.turns)
        reached = {
            "no-progress": self._stands_still,
            "max-turns": self.talk.turns >= turns,
            "time": allowance.seconds is not None and self.elapsed >= allowance.seconds,
            "tokens": allowance.tokens is not None and used.tokens >= allowance.tokens,
            "dollars": allowance.usd is not None and used.usd is not None and used.usd >= allowance.usd,
        }
        return next((word for word, is_reached in reached.items() if is_reached), None)

    @property
    def _stands_still(self) -> bool:
        return self.session.watch is not None and self.session.watch.over()

    def _turn(self) -> None:
        if self.talk.prompt > TRIM_AT:
            self._make_room(_WORTH)
        self._tell_turn()
        request = Request(
            self.model,
            shape.system_blocks(self.talk.system),
            shape.with_breakpoints(self.talk.messages),
            [offers.definition(name) for name in self.tools.offered],
        )
        try:
            turn = self.ask(request)
        except PromptTooLong as problem:
            self._too_long(str(problem))
            return
        except Spent:
            self._end("dollars", self.talk.text)
            return
        self.squeezed = False
        self.started += turn.waited
        if self.session.watch:
            self.session.watch.absent(turn.waited)
        self.talk.keep_turn(turn, self.elapsed)
        self._act(turn.stop_reason)

    def _act(self, stop_reason: str) -> None:
        if stop_reason == "refusal":
            self._end("refusal", self.talk.text or "the model refused to go on")
        elif stop_reason in _WHOLE:
            if self.talk.waiting:
                self._answer_calls()
            else:
                self._end("no-answer" if self.brief.answer else "done", self.talk.text)
        elif stop_reason not in ("pause_turn", HALTED):
            self._go_on(stop_reason)

    def _go_on(self, stop_reason: str) -> None:
        """After an answer that was cut: none of its calls is run, for the last of them may not be what was meant."""
        if not self.talk.waiting:
            self.talk.keep("go-on", text=_GO_ON, at=self.elapsed)
        for call in tuple(self.talk.waiting):
            self._keep_result(call, Outcome(_CUT, error=True))
        if stop_reason == "model_context_window_exceeded":
            self._too_long("the answer filled what the model can read")

    def _answer_calls(self, *, restarted: bool = False) -> None:
        for call in tuple(self.talk.waiting):
            if call["name"] == self.brief.answer:
                self._take_answer(call)
            elif restarted:
                self._keep_result(call, Outcome(_RESTARTED, error=True))
            else:
                self._keep_result(call, self._run(call))
            if self.talk.end is not None or self._stands_still:
                return

    def _run(self, call: Mapping[str, Any]) -> Outcome:
        self._tell_call(call)
        if broken := self.talk.broken.get(call["id"]):
            return Outcome(f"the input is no JSON object, and nothing was done: {broken[:_FIRST_WORDS]}", error=True)
        seconds = self.session.allowance.seconds
        left = None if seconds is None else seconds - self.elapsed
        return self.tools.call(call["name"], call["input"], call_id=call["id"], seconds=left)

    def _take_answer(self, call: Mapping[str, Any]) -> None:
        """The answer that ends the work, or what is wrong with it; the second malformed one ends it as well."""
        self._tell_call(call)
        broken = call["id"] in self.talk.broken
        wrong = "no JSON object" if broken else offers.breaches(call["name"], dict(call["input"]))
        if not wrong:
            self._end("done", self.talk.text, answer=dict(call["input"]))
            return
        self._keep_result(call, Outcome(f"malformed, not taken: {wrong}", error=True), malformed=True)
        if self.talk.malformed >= _MOST_MALFORMED:
            self._end("malformed-answer", f"{call['name']} was malformed twice: {wrong}")

    def _keep_result(self, call: Mapping[str, Any], outcome: Outcome, *, malformed: bool = False) -> None:
        told = {"id": call["id"], "tool": call["name"], "text": outcome.text, "error": outcome.error}
        self.talk.keep("result", **told, malformed=malformed, at=self.elapsed)

    def _too_long(self, said: str) -> None:
        """Make the conversation at most half as long, once; a model that still can't read it ends the work."""
        enough = shape.size(self.talk.messages) // _HALF
        if self.squeezed or not self._make_room(min(enough, shape.BIG), enough):
            self._end("context", said)
        self.squeezed = True

    def _make_room(self, worth: int, enough: int | None = None) -> bool:
        """Take out `enough` bytes (or half of all), if at least `worth` bytes can be saved; whether it was done."""
        wished = enough if enough is not None else shape.size(self.talk.messages) // _HALF
        trim = shape.plan_trim(self.talk.messages, enough=wished)
        if trim.gain < worth:
            return False
        self.talk.keep("trim", blanked=list(trim.blanked), dropped=trim.dropped, at=self.elapsed)
        self.session.tell(Event("note", f"{self.brief.role.name}: {trim.gain} bytes taken out to make room"))
        return True

    def _end(self, ended: str, summary: str, answer: Mapping[str, Any] | None = None) -> None:
        self.talk.keep("end", ended=ended, summary=summary, answer=answer, at=self.elapsed)

    def _tell_turn(self) -> None:
        used, role = self.talk.usage, self.brief.role.name
        facts = {"role": role, "turn": self.talk.turns + 1, "tokens": used.tokens, "usd": used.usd}
        self.session.tell(Event("role", f"{role}: turn {self.talk.turns + 1}", {**facts, "seconds": self.elapsed}))

    def _tell_call(self, call: Mapping[str, Any]) -> None:
        value = call["input"] if isinstance(call["input"], dict) else {}
        target = next((str(value[key]) for key in ("path", "command", "name", "decision") if key in value), "")
        if "met" in value:
            target = "met" if value["met"] is True else "not met"
        target = " ".join(target.split())
        if len(target) > _FIRST_WORDS:
            target = f"{target[:_FIRST_WORDS]} [...]"
        facts = {"role": self.brief.role.name, "tool": call["name"], "target": target}
        self.session.tell(Event("tool", f"{call['name']} {target}".strip(), facts))
