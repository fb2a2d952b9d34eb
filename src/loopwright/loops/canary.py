"""Whether green gates can still say no: when a change touched the source, a planted failing test must turn them red.

Source that a test imports runs in the test runner's own process. It can end that, or make its assertions deaf.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from loopwright.checks.canary import Plant, Said, can_say_no, is_pytest, may_run_whole, plant, said
from loopwright.checks.guards import tests_of
from loopwright.checks.narrowing import narrowed, places
from loopwright.checks.reach import looks_at
from loopwright.contracts import Lab
from loopwright.journal.codec import decode, encode
from loopwright.loops.desk import Desk
from loopwright.redaction import redact
from loopwright.vocabulary import Change, Gate, Ran, Verdict, matches

SECONDS = 60.0
"""Limit on one run of a gate with the plant, and on how long a gate may have taken that is run as a whole for it."""

_ALL_SECONDS = 180.0
"""Limit on all of it; what wasn't tried by then is taken as it is, and the page says so."""

_READ, _LARGEST = 400, 1 << 18  # test files that are read, and bytes of one
_NEIGHBOURS = 20  # test files whose imports are taken over
_SHOWN = 1500  # characters of what a gate said


@dataclass(frozen=True, slots=True)
class _Trial:
    """A gate, the plant that it gets, and the command that is run; `alone`: narrowed to the plant."""

    gate: Gate
    path: str
    plant: Plant
    command: str
    alone: bool


def canary(
    desk: Desk, step: Change, gates: tuple[Gate, ...], judged: tuple[Verdict, ...], place: Callable[[], Lab]
) -> tuple[Verdict, ...]:
    """The verdict about the gates that judged a chunk's change green; none where no source changed or nothing could be
    told. Held once for a tree, also across restarts. `place` gives a fresh lab, and has the change's files again after.
    """
    tests = tests_of(desk.shop.loops)
    source = [path for path in step.paths if path.endswith(".py") and not matches(path, tests)]
    if not source or not gates:
        return ()
    if fact := desk.journal.last("canary", tree=step.tree, since=step.base):
        return tuple(decode(Verdict, verdict) for verdict in fact["verdicts"])
    quick = {verdict.command for verdict in judged if verdict.seconds is not None and verdict.seconds < SECONDS}
    trials = tuple(_trials(desk, step, gates, _neighbours(desk, step, tests, source), quick))
    verdicts = _tried(desk, step, trials, place) if trials else ()
    desk.journal.write("canary", {"tree": step.tree, "since": step.base, "verdicts": [encode(one) for one in verdicts]})
    return verdicts


# ---------------------------------------------------------------- what is planted, and where


def _neighbours(desk: Desk, step: Change, tests: tuple[str, ...], source: list[str]) -> dict[str, str]:
    """The Python test files of a change by path: first those that import what changed, then those least deep."""
    entries = desk.hub.entries(step.commit)
    paths = [path for path, entry in entries.items() if path.endswith(".py") and entry[0] != "120000"]
    mine = [path for path in paths if matches(path, tests) and path.rpartition("/")[2].startswith("test")]
    mine = (mine or [path for path in paths if matches(path, tests)])[:_READ]
    read = desk.hub.reading(step.commit, mine)
    texts = {path: (read(path) or b"")[:_LARGEST].decode(errors="replace") for path in mine}
    order = sorted(texts, key=lambda path: (not looks_at(texts[path], source), path.count("/"), path))
    return {path: texts[path] for path in order}


def _trials(
    desk: Desk, step: Change, gates: tuple[Gate, ...], files: dict[str, str], quick: set[str | None]
) -> Iterator[_Trial]:
    """One for each gate that may run Python's tests."""
    there = places(desk.hub.entries(step.commit))
    mark = sha256(f"{desk.number}:{step.tree}".encode()).hexdigest()[:10]
    for gate in {gate.command: gate for gate in gates if not gate.exit}.values():
        own = [word.rstrip("/") for word in gate.command.split() if word.rstrip("/") in there]
        inside = [path for path in files if any(path == word or path.startswith(f"{word}/") for word in own)]
        for path in inside or files:
            folder = path[: path.rfind("/") + 1]
            at = f"{folder}test_{mark}.py"
            less = narrowed(gate.command, at, (), there.__contains__)
            if less is None and not (may_run_whole(gate.command) and gate.command in quick):
                continue
            near = [text for other, text in files.items() if other[: other.rfind("/") + 1] == folder][:_NEIGHBOURS]
            asked = less and (f"{less} --maxfail=0 -rfE" if is_pytest(less) else less)
            planted = plant(mark, near, functions=is_pytest(gate.command))
            yield _Trial(gate, at, planted, asked or gate.command, less is not None)
            break


# ---------------------------------------------------------------- what comes of it


def _tried(desk: Desk, step: Change, trials: tuple[_Trial, ...], place: Callable[[], Lab]) -> tuple[Verdict, ...]:
    lab, until = place(), desk.shop.clock.monotonic() + _ALL_SECONDS
    sound, untold = list[str](), list[str]()
    for trial in trials:
        answer, told = _asked(desk, step, lab, trial, until)
        if answer is False:
            return (_verdict(step, False, told),)
        (untold if answer is None else sound).append(told if answer else trial.gate.command)
    lab.restore(step.commit)
    if untold and not sound:
        commands = ", ".join(f"`{command}`" for command in untold)
        desk.note(
            f"whether {commands} would notice a failing test wasn't tried: none that is planted can be told there"
        )
    return (_verdict(step, True, "\n".join(sound)),) if sound else ()


def _asked(desk: Desk, step: Change, lab: Lab, trial: _Trial, until: float) -> tuple[bool | None, str]:
    """Whether a gate can say no, and what it said. Only when it doesn't name every case is it asked on the old code."""
    ran = _run(desk, lab, trial, step.commit, until)
    if ran is None:
        return None, ""
    now = said(trial.gate, trial.plant, ran)
    if now.red and now.seen == trial.plant.cases:
        return True, f"`{trial.command}` named each of {len(now.seen)} planted failures"
    old = _run(desk, lab, trial, desk.base, until)
    before = said(trial.gate, trial.plant, old) if old else Said(red=False, seen=frozenset())
    answer = can_say_no(now, before, alone=trial.alone)
    if answer is not False:
        return (
            answer,
            f"`{trial.command}` named {len(now.seen)} of {len(trial.plant.cases)} planted failures, as before",
        )
    return False, _refusal(desk, lab, trial, ran, now, before)


def _run(desk: Desk, lab: Lab, trial: _Trial, commit: str, until: float) -> Ran | None:
    """A gate on a commit with the plant in it; None when the time is over. Each commit has byte code of its own."""
    if desk.shop.clock.monotonic() >= until:
        return None
    desk.tell("command", f"$ {trial.command}  (a planted failing test)", command=trial.command)
    lab.alone()
    lab.restore(commit)
    lab.write(trial.path, trial.plant.text.encode())
    env = {"PYTHONPYCACHEPREFIX": str(lab.scratch / f"pycache-canary-{commit[:10]}")}
    return lab.run(trial.command, seconds=SECONDS, keep=262_144, env=env)


def _refusal(desk: Desk, lab: Lab, trial: _Trial, ran: Ran, now: Said, before: Said) -> str:
    missing = ", ".join(sorted(case.rpartition("_")[2] for case in before.seen - now.seen))
    output = redact(ran.output.replace(f"{lab.root}/", ""), desk.shop.secrets).strip()[-_SHOWN:]
    return "\n".join(
        (
            f"`{trial.gate.command}` can't say no to this change",
            f"planted: {trial.path}, which imports what the tests beside it import, and fails in each of its "
            f"{len(trial.plant.cases)} tests",
            f"on the code before the change, `{trial.command}` named {len(before.seen)} of them as failing; on this "
            f"code {len(now.seen)}, and it ended with exit {ran.code}" + (f" (missing: {missing})" if missing else ""),
            "mend: let the source neither end the process that imports it nor touch the test framework",
            "it printed:",
            output or "(nothing)",
        )
    )


def _verdict(step: Change, passed: bool, told: str) -> Verdict:
    reason = "" if passed else "gate-gaming"
    return Verdict(
        "canary", passed, told, reason, commit=step.commit, tree=step.tree, source="canary", rolls_back=not passed
    )
