"""Path globs, and the fixed lists of paths that mean something to the house."""

from __future__ import annotations

import functools
import re


@functools.lru_cache(maxsize=2048)
def glob_regex(pattern: str) -> re.Pattern[str]:
    """A path glob as a pattern: `*` and `?` stay inside a folder, `**` crosses folders, `[..]` as in a shell.

    A pattern without a slash matches at any depth (as .gitignore has it), one that names a folder (`src/`) all
    that is under it, and so does a plain `src`.
    """
    body = pattern.strip().removeprefix("./").rstrip("/")
    anchored = "/" in body
    out, i = [], 0
    while i < len(body):
        if body.startswith("**/", i):
            out.append("(?:[^/]+/)*")
            i += 3
        elif body.startswith("**", i):
            out.append(".*")
            i += 2
        elif body[i] == "*":
            out.append("[^/]*")
            i += 1
        elif body[i] == "?":
            out.append("[^/]")
            i += 1
        elif body[i] == "[" and (end := body.find("]", i + 2)) > 0:
            inside = body[i + 1 : end].replace("\\", "\\\\")
            out.append(f"[{'^' + inside[1:] if inside[0] == '!' else inside}]")
            i = end + 1
        else:
            out.append(re.escape(body[i]))
            i += 1
    return re.compile(("" if anchored else "(?:.*/)?") + "".join(out) + "(?:/.*)?", re.DOTALL)


def matches(path: str, patterns: tuple[str, ...]) -> bool:
    """Whether any of the globs (`glob_regex`) matches the whole of `path`."""
    return any(glob_regex(pattern).fullmatch(path) for pattern in patterns)


TESTS = ("tests/**", "test_*", "*_test.*", "*.test.*", "*.spec.*", "conftest.py")
"""What counts as a test beside the globs of LOOPS.md."""

PROTECTED = (".git", "agents/**", "plans/**", "wiki/90_LOG/**", "wiki/log.md", ".venv/**", "node_modules/**")
"""What no maker touches, whatever a scope says, beside `protected:` of LOOPS.md. The last two come first on a lab's
PATH: who could commit a program there would choose what the gates run."""

OWNED = ("plans/README.md", "wiki/90_LOG/**", "wiki/log.md", "wiki/index.md", "agents/STANDARDS.md")
"""What loopwright's record commits write whole; status lines and ticks in plans/*.md come on top."""
