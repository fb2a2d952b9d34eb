"""Memory, disk, handles, processes or the stack ran out."""

from __future__ import annotations

from loopwright.andon.clues.clue import FAIR, LIKELY, STRONG, SURE, Clue, said

CLUES: tuple[Clue, ...] = (
    *said(FAIR, "wrote only"),
    *said(
        SURE,
        "no space left on device | out of memory | cannot allocate memory | memoryerror | outofmemory | "
        "allowed memory size of | too many open files | disk quota exceeded | file size limit exceeded | "
        "virtual memory exhausted | memory exhausted | bad_alloc | start new thread | "
        "unable to create native thread | insufficient memory | no space left",
    ),
    Clue(SURE, "enospc", r"\bENOSPC\b"),
    Clue(SURE, "enomem", r"\bENOMEM\b"),
    Clue(SURE, "emfile", r"\bEMFILE\b"),
    *said(
        STRONG,
        "resource temporarily unavailable | file too large | argument list too long | disk full | disk is full | "
        "no buffer space | file table overflow | cpu time limit exceeded | memory limit | cannot fork | "
        "can't fork | no more processes | oom-kill | oomkilled | could not allocate | failed to allocate | "
        "memory allocation of | heap exhausted | stackoverflow | stack level too deep | maximum call stack | "
        "stack overflow | signal: killed",
    ),
    Clue(STRONG, "eagain", r"\bEAGAIN\b"),
    Clue(STRONG, "memory", r"\b(?:fail\w*|unable|cannot|can't|could not)\b[^\n]{0,60}\bmemory\b"),
    Clue(STRONG, "signal 9", r"\b(?:by |with )?signal 9\b"),
    *said(
        FAIR,
        "maximum recursion depth | quota exceeded | resource exhausted | resource_exhausted | over quota | "
        "not enough space | not enough memory | running out of | insufficient disk space",
    ),
    Clue(FAIR, "sigkill", r"\bSIGKILL\b"),
    Clue(FAIR, "killed", r"(?:^|: |\d )Killed\b(?!: ?15)"),
    Clue(FAIR, "137", r"\b(?:exit(?:ed)?|code|status|error) (?:with )?(?:code |status )?137\b"),
    *said(
        LIKELY,
        "rate limit | rate_limit | too many requests",
    ),
    Clue(LIKELY, "crashed", r"(?:worker|process|node) .{0,40}crashed"),
)
