"""Two states that don't fit: merges, locks, taken ports and names, versions that exclude each other."""

from __future__ import annotations

from loopwright.andon.clues.clue import FAIR, STRONG, SURE, Clue, said

CLUES: tuple[Clue, ...] = (
    *said(FAIR, "updates to go.mod needed | multiple head | head revisions"),
    Clue(SURE, "could not find compatible versions"),
    Clue(STRONG, "lockfile", r"lock ?file[^\n]{0,60}\bmodified"),
    Clue(FAIR, "lock", r"(?:acquir\w+|held|holding|obtain\w*)\b.{0,40}\block\b"),
    *said(
        SURE,
        "conflict ( | merge conflict | automatic merge failed | patch does not apply | eresolve | "
        "non-fast-forward | resolutionimpossible | would be overwritten | not possible to fast-forward | "
        "unresolved conflict | conflicts during merge | need to resolve | conflicting dependencies",
    ),
    Clue(SURE, "<<<<<<<", r"^.{0,20}<<<<<<<"),
    Clue(SURE, "hunk", r"hunk #?\d+ (?:failed|FAILED)|hunks? (?:failed|ignored)|\.rej\b"),
    *said(
        STRONG,
        "could not apply | fetch first | [rejected] | unmerged file | unmerged path | needs merge | index.lock | "
        "another git process | database is locked | is already locked | reversed (or previously applied) | "
        "divergent branches | have diverged | version conflict | versionconflict | cannot lock ref | "
        "already checked out | already used by worktree | address already in use | eaddrinuse | "
        "port is already allocated | outdated lockfile | conflicting requirements | conflicting peer | "
        "incompatible with each other | can only install packages when your package.json and package-lock.json | "
        "needs to be updated | is not up to date | changed significantly since | rebase in progress | "
        "patch failed | new remote heads | abort: push creates | has changed since | uncommitted changes",
    ),
    Clue(
        STRONG,
        "lock",
        r"(?:cannot|can't|could not|because|but|needs?|out of date|outdated)[^\n]{0,120}(?:--locked"
        r"|--?frozen(?:-lockfile)?|lock ?file)[^\n]{0,60}(?:up|out|passed|update|sync|is present|change)",
    ),
    Clue(STRONG, "eexist", r"\bEEXIST\b"),
    Clue(STRONG, "requires", r"because .{1,200} (?:depends on|requires) "),
    *said(
        FAIR,
        "not concluded your merge | already exists | alreadyexists | could not get lock | unstaged changes | "
        "local changes | unsatisfiable | unique constraint failed | duplicate key | already running | already taken | "
        "resource busy | directory not empty | could not acquire lock | unable to lock",
    ),
    Clue(FAIR, "file exists", r"(?<!such )\bfile exists"),
    Clue(FAIR, "locked", r"(?:is|are|was) locked(?: by)?\b"),
    Clue(FAIR, "conflict", r"\bconflict(?:s|ing|ed)?\b"),
)
