"""A right that is missing: the system, a file's mode or a database said no."""

from __future__ import annotations

from loopwright.andon.clues.clue import FAIR, LIKELY, STRONG, SURE, WEAK, Clue, said

CLUES: tuple[Clue, ...] = (
    Clue(
        FAIR,
        "credential",
        r"(?:\bno|missing|invalid|expired|locate|find|load|provide|without)\b.{0,30}\bcredentials?\b",
    ),
    Clue(STRONG, "permission to", r"permission to .{1,80} denied"),
    Clue(SURE, "permission denied", r"Permission denied \((?:publickey|password)"),
    *said(
        STRONG,
        "permission denied | operation not permitted | permissionerror | accessdenied | read-only file system | "
        "readonly database | read-only database | are you root | is not in the sudoers file | "
        "dubious ownership | externally-managed-environment | must be root | must be superuser | "
        "root privileges | superuser privilege | password authentication failed | access is denied | "
        "insufficient permission | insufficient privilege | permission to access | have permission | "
        "a password is required | need to be root | not an executable file | only root can | "
        "unless you are root | requires root | must be owner | authentication required | requires read access | "
        "requires write access | login required | must be the owner",
    ),
    Clue(STRONG, "eacces", r"\bEACCES\b"),
    Clue(STRONG, "eperm", r"\bEPERM\b"),
    Clue(STRONG, "forbidden", r"is forbidden: "),
    *said(
        FAIR,
        "access denied | authentication failed | could not read username | permissiondenied | must be run as | "
        "authentication failure | not writable | no pg_hba.conf entry | permission error | not authorized | "
        "is not executable",
    ),
    *said(
        LIKELY,
        "authentication_error | permission_error | invalid api key | authenticationerror | forbidden | "
        "unauthorized | invalid x-api-key | denied",
    ),
    *said(
        WEAK,
        "not permitted | not allowed",
    ),
)
