"""A command that must end as expected: tests, a linter, a type checker, a goal's proof."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from loopwright.checks.diagnostics import failures
from loopwright.contracts import Lab
from loopwright.redaction import redact
from loopwright.vocabulary import Change, Failure, Gate, Ran, Standard, Verdict

EVIDENCE = 4000  # characters: about 1,000 tokens of the next attempt's first message
_OUTPUT = 262_144  # bytes of output that are kept to read the failures from
_LISTED = 10
_NAMED = 200  # characters of a standard's title, and of the incidents that taught it
_NOT_FOUND = 127  # what a shell answers for a command that isn't there


@dataclass(frozen=True)
class GateCheck:
    """Runs a gate's command in the lab and holds the outcome against what the gate expects. Nothing that an earlier
    gate left is at work there meanwhile.

    Past `seconds` the command is ended and the reason is `timeout`; else it is `missing-command`, `test-failure` (the
    output names failing tests) or `failed`. The evidence begins with the failing tests and where they stand; secrets
    that the command printed (`known`: exact values) are masked in it.
    """

    gate: Gate
    seconds: float = 600.0
    known: tuple[str, ...] = field(default=(), repr=False)
    keep: Callable[[str], str] = field(default=lambda output: "", repr=False)  # a failed command's output, whole

    def check(self, change: Change, lab: Lab) -> Verdict:
        lab.alone()
        ran = lab.run(self.gate.command, seconds=self.seconds, keep=_OUTPUT)
        unmet = f"no end within {self.seconds:g} s" if ran.timed_out else self.gate.unmet(ran.code, ran.output)
        output = redact(ran.output.replace(f"{lab.root}/", ""), self.known)
        found = () if unmet is None else failures(output)
        return Verdict(
            self.gate.command,
            unmet is None,
            evidence(unmet, found, output),
            "" if unmet is None else _reason(ran, found),
            command=self.gate.command,
            exit=ran.code,
            seconds=ran.seconds,
            commit=change.commit,
            tree=change.tree,
            source=self.gate.source,
            failures=found,
            output="" if unmet is None else self.keep(output),
        )


def in_the_name_of(standard: Standard, verdict: Verdict) -> Verdict:
    """A standard's verdict bears its name. A refusal says what taught it, and how a person takes it back."""
    if verdict.passed:
        return replace(verdict, check=standard.name)
    unmet, _, rest = verdict.evidence.partition("\n")
    head = f"{standard.name} ({standard.title[:_NAMED]}), taught by {standard.incident[:_NAMED] or 'a person'}: {unmet}"
    undo = f"delete {standard.name} from agents/STANDARDS.md"
    mend = f"mend: don't bring it back; a person who finds that the standard no longer holds can undo it: {undo}"
    return replace(verdict, check=standard.name, evidence=f"{head}\n{mend}\n{rest}".rstrip())


def _reason(ran: Ran, found: tuple[Failure, ...]) -> str:
    if ran.timed_out:
        return "timeout"
    if ran.code == _NOT_FOUND:
        return "missing-command"
    return "test-failure" if any(failure.test for failure in found) else "failed"


def evidence(unmet: str | None, found: tuple[Failure, ...], output: str, limit: int = EVIDENCE) -> str:
    """What a person or the next attempt should read: what is unmet, the failures, then head and tail of the output,
    in at most `limit` characters."""
    told = "\n".join(_told(unmet, found))[: limit * 2 // 3]
    left = limit - len(told) - 2
    shortened = _ends(output.strip(), left if unmet is not None else min(left, limit // 4))
    return "\n\n".join(part for part in (told, shortened) if part)


def _told(unmet: str | None, found: tuple[Failure, ...]) -> Iterator[str]:
    if unmet is not None:
        yield unmet
    for failure in found[:_LISTED]:
        place = f"{failure.path}:{failure.line}" if failure.line is not None else failure.path or ""
        yield "- " + ": ".join(part for part in (failure.test, place, failure.message) if part)
    if len(found) > _LISTED:
        yield f"- ... and {len(found) - _LISTED} more"


def _ends(text: str, limit: int) -> str:
    """Head and tail of a text, the tail twice as long: a runner's last lines tell the most."""
    if len(text) <= limit:
        return text
    room = limit - 50
    head, tail = text[: room // 3], text[-(room - room // 3) :]
    return f"{head}\n[... {len(text) - len(head) - len(tail)} characters left out ...]\n{tail}"
