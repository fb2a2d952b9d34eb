"""The ten-step task (look, read, read, test, edit, test, write, edit, long output, commit), said for each client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.places import Place, content_judges
from benchmarks.results import must
from loopwright.testing.repository import Repository

TASK = "The function add in src/calc.sh subtracts. Mend it, see that tests/run.sh passes, and write NOTES.md about it."

PLAN = f"""\
---
status: ready
---
# add adds
## Chunks
### 1. Mend add
{TASK}
## Goal
- file `NOTES.md` exists
"""

_CALC = """\
# Whole numbers only.
add() {
    echo $(($1 - $2))
}

double() {
    echo $(($1 * 2))
}
"""
_TESTS = """\
. src/calc.sh
failed=0
expect() {
    [ "$2" = "$3" ] && echo "ok $1" && return
    echo "FAILED $1: $2 instead of $3"
    failed=1
}
expect "add 2 3" "$(add 2 3)" 5
expect "add 0 0" "$(add 0 0)" 0
expect "double 4" "$(double 4)" 8
exit $failed
"""
_NOTES = "# Notes\n\nadd took the second number away instead of adding it.\n"

_LOOK = "git log --oneline | head -5; ls"
_TEST = "sh tests/run.sh"
_LONG = "git diff; seq -f 'line %g of the log: fine' 400"
_COMMIT = "git add -A && git commit -qm 'add adds'"
_LAST = "Deliverables: src/calc.sh, NOTES.md\nEvidence: `sh tests/run.sh`"
_SUBMIT = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"

REQUESTS = 11
"""Ten steps and the end."""


def repository(where: Place) -> Repository:
    """The repository in which the task is done, with the tests as its check."""
    made = where.repository("repository", 'checks: ["sh tests/run.sh"]')
    made.write("src/calc.sh", _CALC)
    made.write("tests/run.sh", _TESTS)
    made.commit("a calculator")
    return made


def sessions() -> list[dict[str, Any]]:
    """The script: our maker with its tools, our judges, and (whoever else asks) a client that has only `bash`."""
    bash = {"turns": [_bash(command) for command in (*_as_commands(), _SUBMIT)]}
    return [{"role": "maker", "turns": [*_as_tools(), {"say": _LAST}]}, *content_judges(), bash]


def _as_tools() -> list[dict[str, Any]]:
    return [
        _bash(_LOOK),
        _call("read_file", path="src/calc.sh"),
        _call("read_file", path="tests/run.sh"),
        _bash(_TEST),
        _call("edit_file", path="src/calc.sh", old_str="$1 - $2", new_str="$1 + $2"),
        _bash(_TEST),
        _call("write_file", path="NOTES.md", content=_NOTES),
        _call("edit_file", path="NOTES.md", old_str="of adding it", new_str="of adding it (2026)"),
        _bash(_LONG),
        _bash(_COMMIT),
    ]


def _as_commands() -> list[str]:
    return [
        _LOOK,
        "cat src/calc.sh",
        "cat tests/run.sh",
        _TEST,
        "sed -i 's/$1 - $2/$1 + $2/' src/calc.sh",
        _TEST,
        f"cat > NOTES.md <<'END'\n{_NOTES}END",
        "sed -i 's/of adding it/of adding it (2026)/' NOTES.md",
        _LONG,
        _COMMIT,
    ]


def _bash(command: str) -> dict[str, Any]:
    return _call("bash", command=command)


def _call(tool: str, **value: str) -> dict[str, Any]:
    return {"calls": [{"tool": tool, "input": value}]}


def must_be_done(path: Path, revision: str = "HEAD") -> None:
    """Raise NotDone unless the mended function and the notes are committed in a repository."""
    done = Repository(path)
    must(done.show(revision, "src/calc.sh") == _CALC.replace("$1 - $2", "$1 + $2"), f"add adds in {revision}")
    must(
        done.show(revision, "NOTES.md") == _NOTES.replace("of adding it", "of adding it (2026)"), "the notes are there"
    )
