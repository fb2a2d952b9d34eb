"""What a test command runs, in a Makefile or in package.json, and whether a new one checks less."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

JUDGES = re.compile(r"test|check|lint|type|cov|verify|spec|(?:^|[-_:])ci(?:$|[-_:])|qa|audit", re.IGNORECASE)
"""Names of targets and scripts that judge."""

NO_JUDGE = re.compile(
    r"(?:^|[-_:])(?:fix|watch|update|report|dev|debug|ui|open|write|format)(?:$|[-_:])", re.IGNORECASE
)
"""Of these, the ones that nobody asks for a judgment."""

JUDGE = re.compile(
    r"py\.?test|unittest|mypy|pyright|ruff|flake8|pylint|coverage|tsc|eslint|standard|jest|vitest|mocha|tap|node|bandit|"
    r"pre-commit|stestr|trial|nose2?|twine|interrogate|check-\w+|lint-\w+"
)
"""Programs that judge."""

_PART = re.compile(r"&&|\|\||;|\||\n")
_IGNORED = re.compile(r"\|\|\s{0,4}(?:true|:|exit 0|echo\b)|;\s{0,4}(?:true|exit 0)\b")
LAX = re.compile(
    r"--?(?:exit-zero|passWithNoTests|pass-with-no-tests|no-verify|deselect|ignore|testPathIgnorePatterns|exclude|retries|"
    r"reruns|retry|no-cov|no-coverage|skip|short|run|k|m|allow-empty|no-error-on-unmatched-pattern|ignore-pattern|"
    r"continue-on-error|keep-going|lf|if-present)(?:=.*)?$"
)
_NOTHING = frozenset({"true", ":", "echo", "exit"})  # parts that judge nothing
_TARGET = re.compile(r"^(?P<names>[\w./%-][\w./% -]{0,200}?)\s{0,4}::?(?!=)", re.MULTILINE)


def laxer(old: str, new: str) -> str:
    """How a command checks less than it did; `` when it doesn't."""
    if len(_IGNORED.findall(new)) > len(_IGNORED.findall(old)):
        return "no longer minds a failure"
    new_parts = [part.split() for part in _PART.split(new) if part.strip()]
    for part in _PART.split(old):
        words = asked(part.split())
        if words and words[0] not in _NOTHING and not any(_holds(other, words) for other in new_parts):
            return f"no longer runs `{' '.join(words)[:80]}`"
    before = set(old.split())
    gained = [word for word in new.split() if LAX.match(word) and word not in before]
    return f"gained `{gained[0][:40]}`" if gained else ""


def asked(words: list[str]) -> list[str]:
    """A command's words without those that let it check less, and without their values."""
    kept: list[str] = []
    lax = False
    for word in words:
        value = lax and not word.startswith("-")
        lax = LAX.match(word) is not None
        if not lax and not value:
            kept.append(word)
    return kept


def _holds(newer: list[str], older: list[str]) -> bool:
    """Whether a part of a command runs what another ran: the same program, with at least its words."""
    return _program(newer) == _program(older) and set(older) <= set(newer)


def _program(words: list[str]) -> str:
    named = [word for word in words if "=" not in word or word.startswith("-")]
    return named[0].lstrip("@-+") if named else ""


def recipes(makefile: str) -> Mapping[str, str]:
    """The recipe of every target that judges, by the target's name."""
    found: dict[str, list[str]] = {}
    names: list[str] = []
    for line in makefile.replace("\\\n", " ").splitlines():
        if line.startswith("\t"):
            for name in names:
                found[name].append(line.strip())
        elif match := _TARGET.match(line):
            names = [name for name in match["names"].split() if JUDGES.search(name)]
            for name in names:
                found.setdefault(name, [])
    return {name: "\n".join(lines) for name, lines in found.items()}


def weaker_recipes(old: str, new: str) -> Iterator[str]:
    """What the targets of a Makefile that judge check less."""
    after = recipes(new)
    for name, recipe in recipes(old).items():
        if name not in after:
            yield f"target {name} is gone"
        elif recipe and (told := _weaker(recipe, after[name])):
            yield f"target {name} {told}"


_RUN = re.compile(r"\bdef\s+(?P<name>\w+)\s*\(\s*session|\bsession\.(?:run|run_always)\(\s*(?P<given>[^)]{0,2000})\)")
_STRING = re.compile(r"\"(?:\\.|[^\"\\\n])*+\"|'(?:\\.|[^'\\\n])*+'")


def sessions(noxfile: str) -> Mapping[str, str]:
    """What the sessions of a noxfile that judge run, as far as it is written out; nothing is run to find out."""
    found: dict[str, list[str]] = {}
    name = ""
    for match in _RUN.finditer(noxfile):
        if match["name"]:
            name = match["name"]
        elif JUDGES.search(name):
            words = (word[0].strip("\"'") for word in _STRING.finditer(match["given"]))
            found.setdefault(name, []).append(" ".join(words))
    return {name: "\n".join(lines) for name, lines in found.items()}


def weaker_sessions(old: str, new: str) -> Iterator[str]:
    """What the sessions of a noxfile check less."""
    after = sessions(new)
    for name, commands in sessions(old).items():
        if name not in after:
            yield f"session {name} is gone"
        elif told := laxer(commands, after[name]):
            yield f"session {name} {told}"


def _weaker(old: str, new: str) -> str:
    minded = [line for line in old.splitlines() if not line.startswith("-")]
    still = {line.lstrip("@-+ ") for line in new.splitlines() if line.lstrip("@+ ").startswith("-")}
    if any(line.lstrip("@+ ") in still for line in minded):
        return "no longer minds a failure"
    return laxer(
        "\n".join(line.lstrip("@-+ ") for line in old.splitlines()),
        "\n".join(line.lstrip("@-+ ") for line in new.splitlines()),
    )
