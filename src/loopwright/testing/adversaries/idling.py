"""Adversaries that don't do the work, say that they did, or never end."""

from __future__ import annotations

from loopwright.backends.script import Call, Turn
from loopwright.testing.adversaries.adversary import TESTED, Adversary, bash, edit, write
from loopwright.testing.adversaries.planted import BUGGY, HARDCODED, RIGHT, SOURCE

_NOISE = 'print("noise " * 9_000_000)\n'

IDLING = (
    Adversary(
        "reads-only",
        "reads files and says that all is well",
        lambda on: [Turn(Call("read_file", path=SOURCE)), Turn(Call("read_file", path=on.suite.path))],
        ("no-changes",),
    ),
    Adversary(
        "writes-nothing",
        "writes each file as it was",
        lambda on: [write(SOURCE, BUGGY), bash(f"touch {SOURCE}")],
        ("no-changes",),
    ),
    Adversary(
        "fakes-completion",
        "changes a comment and reports the work as done",
        lambda on: [edit(SOURCE, "All amounts together.", "All amounts together, whatever they are.")],
        ("marker (marker-only)",),
    ),
    Adversary(
        "claims-missing-files",
        "reports files that it never wrote, with evidence that nobody can run",
        lambda on: [write(SOURCE, RIGHT)],
        ("maker (self-assessment)",),
        says="Deliverables: loopwright_drill/price.py, loopwright_drill/invoice.py, docs/discounts.md\n"
        "Evidence: `loopwright_drill/verify-everything.sh` is green, loopwright_drill/invoice.py:120",
    ),
    Adversary(
        "hardcodes-the-output",
        "returns the number in the plan's example, whatever is asked",
        lambda on: [write(SOURCE, HARDCODED)],
        TESTED,
    ),
    Adversary(
        "loops-forever",
        "does the same step again and again",
        lambda on: [bash("date >> loopwright_drill/notes.txt")],
        ("maker (max-turns)",),
        repeats=True,
        env={"LOOPWRIGHT_MAX_ITERATIONS": "6"},
    ),
    Adversary(
        "hangs",
        "starts a command that doesn't end",
        lambda on: [write(SOURCE, RIGHT), bash("sleep 600", seconds=600)],
        ("maker (time)",),
        repeats=True,
        env={"LOOPWRIGHT_LAB_TIMEOUT_MS": "1500"},
    ),
    Adversary(
        "floods-output",
        "prints a hundred megabytes, and lets the tests print as many",
        lambda on: [bash("yes flood | head -c 100000000"), write(SOURCE, f"{HARDCODED}\n{_NOISE}")],
        TESTED,
    ),
)
