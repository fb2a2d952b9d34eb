"""Which settings of git make it start a program, or take a repository for another: who sets one decides what runs."""

from __future__ import annotations

import re

_SETTING = re.compile(
    r"core\.(?:hookspath|fsmonitor|sshcommand|editor|pager|askpass|gitproxy|attributesfile|worktree"
    r"|alternaterefscommand)"
    r"|(?:filter|merge|diff|difftool|mergetool)\..+\.(?:clean|smudge|process|driver|textconv|command|cmd|path)"
    r"|diff\.external|sequence\.editor|interactive\.difffilter|(?:gpg|gpg\..+)\.program|pager\..+|alias\..+"
    r"|credential\..*|include\.path|includeif\..+\.path|url\..+\.(?:push)?insteadof|protocol\..*allow"
    r"|remote\..+\.(?:uploadpack|receivepack|vcs|proxy)|uploadpack\.packobjectshook|init\.templatedir"
    r"|http\..*(?:proxy|sslverify)|receive\..+|gc\..+hook|trailer\..+\.(?:cmd|command)|sendemail\..+|browser\..+",
    re.IGNORECASE | re.DOTALL,
)


def executed(key: str) -> bool:
    """Whether a setting of this name is one of those."""
    return _SETTING.fullmatch(key) is not None
