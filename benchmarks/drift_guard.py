"""What it takes to hold 2,000 changed test files against what they were."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from benchmarks.places import place
from benchmarks.results import Figure, Samples, Series, Taken, median, must, paired
from loopwright.checks.drift import DriftGuard
from loopwright.checks.guards import tests_of
from loopwright.checks.meaning import MeaningGuard
from loopwright.contracts import Check, Lab
from loopwright.journal.hub import Hub, find
from loopwright.testing.repository import Repository
from loopwright.vocabulary import Change, Loops, Verdict

ABOUT = (
    "The drift guard, and the guard against hollow tests, over a change of 2,000 test files in Python, TypeScript, "
    "Go, Rust and Java (ten tests in each; a local is renamed everywhere, one assert is weakened). The floor is git "
    "telling the same change as a patch (`git diff-tree -p`)."
)
_GIT, _DRIFT, _MEANING = "git diff-tree -p", "drift guard", "meaning guard"
_WEAKENED = "tests/python/test_0.py"

_PYTHON = "def test_{n}():\n    got = price({n})\n    assert got == {n} * 2\n    assert price(0) is None\n\n\n"
_JS = "  it('costs {n}', () => {{\n    const got = price({n});\n    expect(got).toEqual({{ net: {n} }});\n  }});\n"
_GO = 'func Test{n}(t *testing.T) {{\n\tgot := Price({n})\n\tif got != {n} {{\n\t\tt.Errorf("%d", got)\n\t}}\n}}\n\n'
_RUST = "#[test]\nfn costs_{n}() {{\n    let got = price({n});\n    assert_eq!(got, {n});\n}}\n\n"
_JAVA = "    @Test\n    void costs{n}() {{\n        int got = price({n});\n        assertEquals({n}, got);\n    }}\n"

_LANGUAGES = {
    "tests/python/test_{n}.py": ("from shop import price\n\n\n", _PYTHON, ""),
    "tests/ts/price_{n}.test.ts": ("import {{ price }} from 'shop';\ndescribe('price', () => {{\n", _JS, "}});\n"),
    "tests/go/price_{n}_test.go": ("package shop\n\n", _GO, ""),
    "tests/rust/price_{n}.rs": ("use shop::price;\n\n", _RUST, ""),
    "tests/java/Price{n}Test.java": ("class Price{n}Test {{\n", _JAVA, "}}\n"),
}


@dataclass(frozen=True)
class _Checkout:
    """The candidate's files on disk, as a lab has them."""

    top: Path

    def read(self, path: str) -> bytes:
        return (self.top / path).read_bytes()


def take(*, quick: bool) -> Taken:
    """Rounds that take turns: git's own telling of the change, and each guard's answer."""
    files, rounds = (50, 2) if quick else (2000, 3)
    with place() as where:
        made = Repository.init(where.folder / "repository")
        change = _changed(made, files)
        hub = find(made.path)
        samples: dict[str, list[float]] = {name: [] for name in (_GIT, _DRIFT, _MEANING)}
        for _ in range(rounds):
            samples[_GIT].append(_told(made, change))
            for name, guard in _guards(hub, change).items():
                verdict, seconds = _asked(guard, change, made.path)
                samples[name].append(seconds)
                _hold(name, verdict)
    proofs = (
        f"the change held {len(change.files)} files",
        f"in each round the drift guard named the weakened assert in {_WEAKENED}, and nothing else",
    )
    return Taken({name: Series.of("s", values) for name, values in samples.items()}, proofs)


def judge(samples: Samples) -> tuple[Figure, ...]:
    """Medians, and each guard by git's telling of the change, round by round."""
    walls = [median(samples, name, headline=name == _DRIFT) for name in (_GIT, _DRIFT, _MEANING)]
    ratios = [paired(samples, f"{name} to git", name, _GIT, headline=name == _DRIFT) for name in (_DRIFT, _MEANING)]
    return (*walls, *ratios)


def _changed(made: Repository, files: int) -> Change:
    """The mainline, and the candidate on top of it, checked out."""
    texts = _texts(files)
    for path, text in texts.items():
        made.write(path, text)
    base = made.commit("tests")
    for path, text in texts.items():
        made.write(path, text.replace("got", "result"))
    made.write(_WEAKENED, texts[_WEAKENED].replace("assert got == 3 * 2", "assert got"))
    commit = made.commit("a local renamed")
    change = find(made.path).change(base, commit)
    must(len(change.files) == files, f"a change of {files} files: {len(change.files)}")
    return change


def _texts(files: int) -> Mapping[str, str]:
    found = {}
    for at in range(files):
        path, (head, test, tail) = list(_LANGUAGES.items())[at % len(_LANGUAGES)]
        body = "".join(test.format(n=n) for n in range(10))
        found[path.format(n=at)] = head.format(n=at) + body + tail.format(n=at)
    return found


def _guards(hub: Hub, change: Change) -> dict[str, Check]:
    """New in each round, so that nothing is kept from the one before."""
    tests = tests_of(Loops())
    return {
        _DRIFT: DriftGuard(hub.reading(change.base, change.paths), tests),
        _MEANING: MeaningGuard(hub.reading(change.base, change.paths), tests),
    }


def _asked(guard: Check, change: Change, top: Path) -> tuple[Verdict, float]:
    began = time.monotonic()
    verdict = guard.check(change, cast(Lab, _Checkout(top)))
    return verdict, time.monotonic() - began


def _hold(name: str, verdict: Verdict) -> None:
    if name == _MEANING:
        must(verdict.passed, f"no hollow test: {verdict.evidence}")
        return
    facts = [line for line in verdict.evidence.splitlines() if not line.startswith("mend:")]
    must(len(facts) == 1 and facts[0].startswith(_WEAKENED), f"one fact, of {_WEAKENED}: {facts[:3]}")


def _told(made: Repository, change: Change) -> float:
    began = time.monotonic()
    words = ["git", "-C", str(made.path), "diff-tree", "-r", "-p", change.base, change.commit]
    done = subprocess.run(words, env=made.environment, capture_output=True, check=False)
    must(done.returncode == 0 and b"result" in done.stdout, f"git told the change: {done.stderr!r}")
    return time.monotonic() - began
