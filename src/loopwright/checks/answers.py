"""The two answers of a guard, bound to the change that was judged, and how a path is shown in one."""

from __future__ import annotations

from collections.abc import Sequence

from loopwright.vocabulary import Change, Verdict

SHOWN = 40  # lines of evidence; a maker that reads 40 paths has seen the pattern


def accepted(check: str, change: Change) -> Verdict:
    return Verdict(check, True, commit=change.commit, tree=change.tree, source="guard")


def refused(
    check: str, change: Change, reason: str, facts: Sequence[str], mend: str, *, rolls_back: bool = False
) -> Verdict:
    """A rejection: one line per fact (most of them left out past 40, and said so), then how to mend it."""
    lines = list(facts[:SHOWN])
    if len(facts) > SHOWN:
        lines.append(f"... and {len(facts) - SHOWN} more")
    evidence = "\n".join([*lines, f"mend: {mend}"])
    return Verdict(
        check,
        False,
        evidence,
        reason,
        commit=change.commit,
        tree=change.tree,
        source="guard",
        rolls_back=rolls_back,
    )


def shown(path: str, limit: int = 200) -> str:
    """A path in one printable line, whatever bytes a maker put into it."""
    plain = path if path.isprintable() else path.encode("unicode_escape", "replace").decode("ascii")
    return plain if len(plain) <= limit else f"{plain[:limit]}..."
