"""Commands that can't fail, or that print what they were told to: they prove nothing, wherever they are run.

Read as a shell would, as far as that is simple. What isn't simple (loops, functions, here-documents) counts as a real
command: whoever closes an incident sees each check fail on the failed attempt, and that can't be talked around.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

_SILENT = frozenset({"true", ":", "sleep", "wait", "cd", "pwd", "date", "whoami", "hostname"})
_TELLING = frozenset({"echo", "printf"})
_FILTERS = frozenset({"cat", "tee", "grep", "egrep", "fgrep", "wc", "head", "tail", "sort", "tr", "sed"})
_SHELLS = frozenset({"sh", "bash", "dash", "zsh"})
_PREFIXES = frozenset({"command", "builtin", "env", "time", "nice", "sudo", "exec"})
_WORDS = frozenset({"if", "for", "while", "until", "case", "function", "{", "[[", "set", "trap", "eval", "source", "."})
_NOTHING = re.compile(
    r"\s*(?:import (?:sys|os)\s*;)?\s*"
    r"(?:pass|print\([^()]*\)|assert\s+True|(?:sys\.|os\._)?exit\(0?\)|[\d\"'\s]*)[\s;]*"
)
_EQUAL = frozenset({"=", "==", "-eq", "-ge", "-le"})

_Command = tuple[str, list[str]]
"""The operator before it, and its words."""


def always_passes(command: str) -> bool:
    """Whether a command exits with 0 whatever the repository holds: `true`, `make test || true`, `test 1 = 1`."""
    found = _commands(command)
    return bool(found) and _ends(found) is True


def only_tells(command: str) -> bool:
    """Whether all that a command prints is what it was told to print: `echo the clock is wrong`."""
    found = _commands(command)
    return bool(found) and all(_name(words) in _TELLING | _SILENT or _constant(words) for _, words in found)


def _commands(command: str, depth: int = 0) -> list[_Command]:
    """The simple commands of a line; none where it isn't simple."""
    if len(command) > 4096 or "<<" in command or depth > 3:
        return []
    lexer = shlex.shlex(command.replace("\n", " ; "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        found = list(_split(list(lexer)))
    except ValueError:  # a quote that isn't closed
        return []
    return [] if any(set(words) & _WORDS for _, words in found) else [(op, words) for op, words in found if words]


def _split(tokens: Sequence[str]) -> Iterator[_Command]:
    op, words, skip = "", list[str](), False
    for token in tokens:
        if skip:
            skip = False
        elif token and set(token) <= set("();<>|&"):
            if "(" in token or ")" in token:
                raise ValueError("a subshell")
            if skip := "<" in token or ">" in token:
                continue
            yield op, words
            op, words = token, []
        else:
            words.append(token)
    yield op, words


def _ends(found: Sequence[_Command]) -> bool | None:
    """True: always with 0. False: never. None: that depends."""
    if any(words[0] == "exit" and words[1:2] != ["0"] for _, words in found):
        return None
    result: bool | None = None
    for number, (op, words) in enumerate(found):
        piped = number + 1 < len(found) and found[number + 1][0].startswith("|") and found[number + 1][0] != "||"
        own = None if piped else _alone(words, found[number - 1][1] if op in ("|", "|&") else None)
        if op == "&&":
            result = own if result else result if result is False else None
        elif op == "||":
            result = True if result or own else own if result is False else None
        else:
            result = own
        if words[0] == "exit" and op in ("", ";"):
            return True
    return result


def _alone(words: list[str], fed_by: list[str] | None) -> bool | None:
    if words[0] == "!":
        inner = _alone(words[1:], fed_by) if words[1:] else None
        return None if inner is None else not inner
    name, rest = _name(words), _rest(words)
    if name == "false":
        return False
    if name in _SILENT | _TELLING or (name in ("exit", "return") and rest == ["0"]):
        return True
    if fed_by is not None and name in ("cat", "tee", "wc", "head", "tail", "sort"):
        return True
    if fed_by is not None and name in _FILTERS and _name(fed_by) in _TELLING and not _varies(fed_by):
        return True  # `echo ok | grep ok`
    if name in _SHELLS and rest[:1] == ["-c"] and len(rest) > 1:
        inner_commands = _commands(rest[1], 1)
        return _ends(inner_commands) if inner_commands else None
    return True if _constant(words) else None


def _constant(words: list[str]) -> bool:
    """`test 1 = 1`, `[ -n x ]`, `python3 -c pass`."""
    name, rest = _name(words), _rest(words)
    if re.fullmatch(r"python[\d.]*|node|ruby|perl", name) and rest[:1] in (["-c"], ["-e"]) and len(rest) > 1:
        return bool(_NOTHING.fullmatch(rest[1]))
    if name not in ("test", "[") or _varies(rest):
        return False
    compared = [word for word in rest if word != "]"]
    match compared:
        case [only]:
            return bool(only)
        case ["-n", text]:
            return bool(text)
        case ["-z", text]:
            return not text
        case [left, operator, right]:
            return operator in _EQUAL and left == right
    return False


def _varies(words: Sequence[str]) -> bool:
    return any("$" in word or "`" in word for word in words)


def _name(words: Sequence[str]) -> str:
    return next(iter(_without_prefix(words)), "").rpartition("/")[2]


def _rest(words: Sequence[str]) -> list[str]:
    return list(_without_prefix(words))[1:]


def _without_prefix(words: Sequence[str]) -> Sequence[str]:
    at = 0
    while at < len(words) and (words[at] in _PREFIXES or re.match(r"[A-Za-z_]\w*=", words[at])):
        at += 1
    return words[at:]
