"""Whether a maker's new tests can fail at all: on the old code, or once the code that they look at is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from loopwright.checks import record
from loopwright.checks.diagnostics import failures
from loopwright.checks.guards import tests_of
from loopwright.checks.meaning import new_tests
from loopwright.checks.moves import suite_changes
from loopwright.checks.mutants import wrong_throughout
from loopwright.checks.narrowing import narrowed, passed, places, runs_tests
from loopwright.checks.reach import looks_at
from loopwright.checks.suites.suite import Case
from loopwright.contracts import Lab
from loopwright.journal.codec import decode, encode
from loopwright.loops.desk import Desk
from loopwright.loops.verification import CommitFiles
from loopwright.vocabulary import Change, Gate, Ran, Verdict, matches

SECONDS = 60.0
"""Limit on one run of the new tests, and on how long a gate may have taken that is run as a whole for them."""

_ALL_SECONDS = 180.0
"""Limit on all of it; what wasn't tried by then is taken as it is, and the page says so."""

_FILES, _LARGEST = 400, 1 << 18  # Python files that are made wrong, and bytes of one
_KEPT = (*record.CONFIGURATION, *record.TASKS, "pyproject.toml", "package.json")
"""What says how tests are run stays the attempt's own when the old code is put back."""


@dataclass(frozen=True, slots=True)
class _File:
    """A test file with its new tests, and the command that runs only these; None where no gate can be narrowed."""

    path: str
    cases: tuple[Case, ...]
    command: str | None

    @property
    def names(self) -> str:
        return ", ".join(case.name for case in self.cases[:5]) + (", ..." if len(self.cases) > 5 else "")


@dataclass(frozen=True, slots=True)
class _Found:
    """What came of one file. `can_fail`: None where it couldn't be told."""

    file: _File
    can_fail: bool | None
    told: str


def meaning(
    desk: Desk, step: Change, gates: tuple[Gate, ...], judged: tuple[Verdict, ...], place: Callable[[], Lab]
) -> tuple[Verdict, ...]:
    """The verdict about the new tests of a chunk's change, whose gates were `judged` green; none without a new test.

    Held once for a tree, also across restarts, in the lab that `place` gives, which is at the change. Only what passes
    whatever the code does is refused.
    """
    files = _files(desk, step, gates)
    if not files:
        return ()
    if fact := desk.journal.last("meaning", tree=step.tree, since=step.base):
        return tuple(decode(Verdict, verdict) for verdict in fact["verdicts"])
    found = tuple(_tried(desk, step, files, _whole(gates, judged), place))
    for one in found:
        if one.can_fail is None:
            desk.note(f"{one.file.path}: whether its new tests can fail couldn't be told: {one.told}")
    verdict = _verdict(step, found)
    desk.tell("verdict", f"{'passed' if verdict.passed else 'FAILED'}: the meaning of new tests", passed=verdict.passed)
    desk.journal.write("meaning", {"tree": step.tree, "since": step.base, "verdicts": [encode(verdict)]})
    return (verdict,)


def _verdict(step: Change, found: tuple[_Found, ...]) -> Verdict:
    bad = [one for one in found if one.can_fail is False]
    lines = [f"{one.file.path} ({one.file.names}): {one.told}" for one in bad or found]
    if bad:
        lines.append("mend: let each new test insist on what the code does, so that it fails when the code is wrong")
    reason = "meaningless-test" if bad else ""
    return Verdict("meaning", not bad, "\n".join(lines), reason, commit=step.commit, tree=step.tree, source="meaning")


def _files(desk: Desk, step: Change, gates: tuple[Gate, ...]) -> tuple[_File, ...]:
    tests = tests_of(desk.shop.loops)
    paths = [path for path in step.paths if matches(path, tests)]
    if not paths:
        return ()
    after = CommitFiles(desk.hub.reading(step.commit, paths))
    found = new_tests(suite_changes(step, after, desk.hub.reading(step.base, paths), tests))
    entries = desk.hub.entries(step.commit) if found else {}
    there = places(entries)

    def command(path: str, cases: tuple[Case, ...]) -> str | None:
        names = [case.name for case in cases]
        less = (narrowed(gate.command, path, names, there.__contains__) for gate in gates if not gate.exit)
        return next(filter(None, less), None) if path.endswith(".py") else None

    return tuple(_File(path, cases, command(path, cases)) for path, cases in found.items())


def _whole(gates: tuple[Gate, ...], judged: tuple[Verdict, ...]) -> tuple[Gate, ...]:
    """The gates that run tests and are quick enough to be run once more."""
    quick = {verdict.command for verdict in judged if verdict.seconds is not None and verdict.seconds < SECONDS}
    return tuple(gate for gate in gates if gate.command in quick and not gate.exit and runs_tests(gate.command))


def _tried(
    desk: Desk, step: Change, files: tuple[_File, ...], whole: tuple[Gate, ...], place: Callable[[], Lab]
) -> Iterator[_Found]:
    """Every file's finding, out of one lab."""
    old = _old_code(desk, step)
    alone = [file for file in files if file.command is not None]
    others = [file for file in files if file.command is None]
    if not alone and not (old and whole):
        yield from (_Found(file, None, "no gate that could show it") for file in files)
        return
    runs = _Runs(desk, place(), desk.shop.clock.monotonic() + _ALL_SECONDS)
    yield from _alone(runs, step, alone, old)
    yield from _by_gates(runs, others, old, whole)


@dataclass(frozen=True)
class _Runs:
    """A lab in which the code is exchanged under the tests."""

    desk: Desk
    lab: Lab
    until: float

    def run(self, command: str, code: str) -> Ran | None:
        """A command on the `code` (old, wrong ...) that is there now; None when the time is over.

        Each code has its own byte code: two versions of a file may be of one second and one size.
        """
        if self.desk.shop.clock.monotonic() >= self.until:
            return None
        self.desk.tell("command", f"$ {command}  (new tests, {code})", command=command)
        env = {"PYTHONPYCACHEPREFIX": str(self.lab.scratch / f"pycache-{code.replace(' ', '-')}")}
        self.lab.alone()
        return self.lab.run(command, seconds=SECONDS, keep=262_144, env=env)


def _alone(runs: _Runs, step: Change, files: list[_File], old: str | None) -> Iterator[_Found]:
    """Python files whose new tests can be run by themselves: as it stands, on the old code, and on wrong code."""
    left: list[_File] = []
    for file in files:
        ran = runs.run(file.command or "", "as it stands")
        if ran is not None and ran.code == 0 and passed(ran.output):
            left.append(file)
        else:
            yield _Found(file, None, "there was no time" if ran is None else "they don't pass by themselves")
    if old is not None and left:
        runs.lab.restore(old)
        failed = [file for file in left if _fails(runs, file, "old code")]
        yield from (_Found(file, True, "fails on the old code") for file in failed)
        left = [file for file in left if file not in failed]
    if left:
        runs.lab.restore(step.commit)
        yield from _on_wrong_code(runs, step, left, frozenset(_make_wrong(runs, step)))


def _fails(runs: _Runs, file: _File, code: str) -> bool | None:
    ran = runs.run(file.command or "", code)
    return None if ran is None else ran.code != 0


def _make_wrong(runs: _Runs, step: Change) -> Iterator[str]:
    """Write wrong code over the lab's Python files that are no tests: those of the change first, then all others."""
    hub, tests = runs.desk.hub, tests_of(runs.desk.shop.loops)
    usual = [path for path, entry in hub.entries(step.commit).items() if path.endswith(".py") and entry[0] != "120000"]
    paths = sorted((path for path in usual if not matches(path, tests)), key=lambda path: path not in step.paths)[
        :_FILES
    ]
    read = hub.reading(step.commit, paths)
    for path in paths:
        data = read(path) or b""
        wrong = wrong_throughout(data.decode(errors="replace")) if len(data) < _LARGEST else None
        if wrong is not None:
            runs.lab.write(path, wrong.encode())
            yield path


def _on_wrong_code(runs: _Runs, step: Change, files: list[_File], wrong: frozenset[str]) -> Iterator[_Found]:
    for file in files:
        failed = _fails(runs, file, "wrong code") if wrong else None
        source = (runs.desk.hub.reading(step.commit)(file.path) or b"").decode(errors="replace")
        if failed:
            yield _Found(file, True, "fails when the code is wrong")
        elif failed is None:
            yield _Found(file, None, "there was no time" if wrong else "there is no Python code that decides anything")
        elif looks_at(source, wrong):
            yield _Found(
                file, False, "passes on the old code, and also when all that the code decides and returns is wrong"
            )
        else:
            yield _Found(file, None, "it passes on wrong Python code, but may look at something else")


def _by_gates(runs: _Runs, files: list[_File], old: str | None, whole: tuple[Gate, ...]) -> Iterator[_Found]:
    """Other files: what whole gates name as failing on the old code. That they pass there proves nothing."""
    failing = [] if old is None or not files else list(_failing(runs, old, whole))
    for file in files:
        own = {case.leaf for case in file.cases}
        if any(path == file.path or name in own for path, name in failing):
            yield _Found(file, True, "fails on the old code")
        else:
            yield _Found(file, None, "no gate names one of them as failing on the old code")


def _failing(runs: _Runs, old: str, whole: Iterable[Gate]) -> Iterator[tuple[str, str]]:
    """(path, name) of the tests that gates name as failing on the old code."""
    runs.lab.restore(old)
    for gate in whole:
        if (ran := runs.run(gate.command, "old code")) is not None and gate.unmet(ran.code, ran.output) is not None:
            for failure in failures(ran.output.replace(f"{runs.lab.root}/", "")):
                name = failure.test.rpartition(" > ")[2].rpartition("::")[2].rpartition("/")[2].rpartition(".")[2]
                yield (failure.path or "").removeprefix("./"), name


def _old_code(desk: Desk, step: Change) -> str | None:
    """The attempt's commit with the code that the run began from; None where it changed nothing but tests."""
    kept = (*tests_of(desk.shop.loops), *_KEPT)
    files = [file for file in desk.hub.change(desk.base, step.commit).files if not matches(file.path, kept)]
    ordinary = [file for file in files if "160000" not in (file.old_mode, file.new_mode)]
    if not ordinary:
        return None
    edits = {
        file.path: (file.old_mode, file.old_blob) if file.old_mode and file.old_blob else None
        for file in sorted(ordinary, key=lambda file: file.old_blob is not None)
    }
    return desk.hub.with_files(step.commit, edits, f"run {desk.number}: its tests on the old code")
