"""What roles are told: tasks and evidence as text, never cut silently."""

from __future__ import annotations

import re
from collections.abc import Iterator

from loopwright.loops.desk import Desk
from loopwright.vocabulary import Attempt, Change, Chunk, Plan, Report, Run, Verdict

_EXCERPTS, _AROUND = 3, 6
"""How many failing places are shown, and how many lines before and after each."""

PART = 200_000
"""Characters of a diff that one request may hold; a larger one is judged in parts, all of it."""


def chunk_task(plan: Plan, chunk: Chunk) -> str:
    """What the maker is to do now."""
    total = len(plan.chunks)
    return f"Chunk {chunk.number} of {total}: {chunk.title}\n\n{chunk.text}".strip()


def check_task(plan: Plan, chunk: Chunk, change: Change) -> str:
    """What the checker is to judge: the chunk and the whole diff (parts beyond the limit are to be read in the lab)."""
    head = (
        f"Judge the change below against chunk {chunk.number} ({chunk.title}) of the plan. The lab holds the commit "
        f"{change.commit}; its changes are thrown away. All commands of the plan passed on it.\n\n"
        f"## The chunk\n\n{chunk.text}\n\n## The diff\n\n"
    )
    first, *rest = parts(change.diff)
    more = (
        f"\n\n{len(rest)} more parts of this diff are in the lab: `git diff {change.base} {change.commit}`"
        if rest
        else ""
    )
    return f"{head}{fenced(first)}{more}"


def review_tasks(run: Run, change: Change) -> Iterator[str]:
    """The whole diff before it lands, in as many parts as it takes."""
    pieces = parts(change.diff)
    for i, piece in enumerate(pieces, 1):
        part = f" This is part {i} of {len(pieces)} of the diff; judge this part." if len(pieces) > 1 else ""
        files = "\n".join(f"- {file.kind} {file.path}" for file in change.files)
        yield (
            f"Review the whole change of run {run.number} before it lands on the mainline.{part} Look for defects, for "
            f"what the plan did not ask for, and for anything that makes a test weaker.\n\n## Files\n\n{files}\n\n"
            f"## Diff\n\n{fenced(piece)}"
        )


def goal_task(plan: Plan, verdicts: tuple[Verdict, ...]) -> str:
    """The criteria by number; what the runner's commands showed; which ones the goal-checker must answer."""
    ran = "\n".join(f"- `{v.command}`: {'passed' if v.passed else 'failed'} (exit {v.exit})" for v in verdicts)
    asked = "\n".join(f"{c.number}. {c.text}" for c in plan.prose_goals) or "(none: the commands above are the goal)"
    every = "\n".join(f"{c.number}. {c.text}" for c in plan.goal)
    return (
        f"Say whether the goal of the plan is met in this lab.\n\n## The goal\n\n{every}\n\n"
        f"## Commands that the runner ran\n\n{ran or '(none)'}\n\n"
        f"## Answer each of these by its number, with proof\n\n{asked}"
    )


def parts(diff: str) -> list[str]:
    """A diff in pieces of at most `PART` characters, cut between files where that is possible, else between lines."""
    files = re.split(r"(?m)^(?=diff --git )", diff) if diff else [""]
    pieces = [""]
    for piece in (part for file in files for part in _lines(file)):
        if pieces[-1] and len(pieces[-1]) + len(piece) > PART:
            pieces.append("")
        pieces[-1] += piece
    return pieces


def _lines(text: str) -> Iterator[str]:
    if len(text) <= PART:
        yield text
        return
    piece = ""
    for line in text.splitlines(keepends=True):
        for i in range(0, len(line), PART):
            if piece and len(piece) + len(line[i : i + PART]) > PART:
                yield piece
                piece = ""
            piece += line[i : i + PART]
    yield piece


def fenced(text: str) -> str:
    """Text in a code fence that it can't close."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}diff\n{text}\n{fence}"


def evidence(desk: Desk, tried: Attempt) -> tuple[str, ...]:
    """What the next attempt is told of this one: each refusal with its reason, the lines that failed, and whether
    its own report was vague."""
    said = [f"{v.check} refused attempt {tried.number} ({v.reason or 'rejected'}):\n{v.evidence}" for v in tried.failed]
    said += excerpts(desk, tried)
    if any(verdict.rolls_back for verdict in tried.failed):
        said.append("The files are back as they were before that attempt.")
    if tried.report.whole and (vague := vagueness(tried.report)):
        said.append(vague)
    return tuple(said)


def excerpts(desk: Desk, tried: Attempt) -> list[str]:
    """The source around each failing line, as the attempt's commit has it."""
    found = [failure for verdict in tried.failed for failure in verdict.failures]
    places = dict.fromkeys((failure.path, failure.line) for failure in found if failure.path and failure.line)
    shown = []
    for path, line in list(places)[:_EXCERPTS]:
        data = desk.hub.git.read(tried.commit or desk.base, str(path))
        if data is None or line is None:
            continue
        lines = data.decode(errors="replace").splitlines()
        first = max(line - 1 - _AROUND, 0)
        text = "\n".join(f"{n:5} {row[:200]}" for n, row in enumerate(lines[first : line + _AROUND], first + 1))
        shown.append(f"{path}, around line {line}:\n{text}")
    return shown


def finished(report: Report) -> Verdict:
    """Whether the maker came to its end by itself, and else what ended it and what it said last."""
    if report.whole:
        return Verdict("maker", True, "", "")
    turns = f" after {report.turns} turns" if report.turns else ""
    told = f"it ended{turns} without being done ({report.ended})\n{report.summary}".strip()
    return Verdict("maker", False, told, report.ended)


def unseen(tried: Attempt) -> bool:
    """Whether neither a command nor the checker looked at an attempt: what was said of the one before still holds."""
    return all(verdict.source == "guard" or verdict.check == "maker" for verdict in tried.verdicts)


def word(verdict: Verdict) -> str:
    """Who refused, and the word for why where that is another one."""
    reason = verdict.reason or "rejected"
    return verdict.check if reason == verdict.check else f"{verdict.check} ({reason})"


def gist(verdict: Verdict) -> str:
    """A refusal in one line: the first failure or reason that is named, else what was said at last of a command, or
    at first of a change."""
    told, _, output = verdict.evidence.strip().partition("\n\n" if verdict.command else "\0")
    named = [line.strip(" -") for line in told.splitlines() if line.startswith("- ")]
    if named or not told:
        return named[0] if named else verdict.reason or "rejected"
    last = output.strip().rpartition("\n")[2].strip()
    return told.splitlines()[0] + (f": {last}" if last else "")


def vagueness(report: Report) -> str:
    """What a maker's last text lacks: a list of deliverables, or evidence that one could look up. '' for nothing."""
    if report.model is None:  # a program says what it likes
        return ""
    lacking = [word for word in ("Deliverables:", "Evidence:") if word.lower() not in report.summary.lower()]
    if lacking:
        return f"Your last message had no `{'` and no `'.join(lacking)}`: name paths, and a command or file:line each."
    shown = report.summary.lower().split("evidence:", 1)[1]
    if not re.search(r"`[^`]+`|\S+:\d+", shown):
        return "Your evidence named no command and no file:line."
    return ""


def commit_message(desk: Desk, chunk: Chunk, report: Report) -> str:
    """The message of a chunk's commit."""
    by = f"Loopwright-Maker: {report.model}\n" if report.model else ""
    return f"{desk.plan.name}: {chunk.title}\n\nLoopwright-Chunk: {desk.number}/{chunk.number}\n{by}"
