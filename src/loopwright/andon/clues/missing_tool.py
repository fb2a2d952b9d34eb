"""A program that was to be started isn't there."""

from __future__ import annotations

from loopwright.andon.clues.clue import CANNOT, FAIR, LIKELY, STRONG, SURE, WEAK, Clue, said

CLUES: tuple[Clue, ...] = (
    Clue(STRONG, "not found", r"\b[\w.+-]+ (?:executable|binary|command|program) not found"),
    Clue(
        LIKELY,
        "not found",
        r"^(?:\S+: )?(?:error: )?(?!file|module|path|page|key|user|not)[a-z][\w+-]{1,30} not found\b",
    ),
    *said(
        SURE,
        "command not found | is not recognized as an internal or external command | "
        "executable file not found in | cannot run program | no acceptable c compiler found | "
        "is not recognized as the name of a cmdlet | unable to find a build program",
    ),
    Clue(
        SURE,
        "not found",
        r"^(?:\S*: )?(?:\S*sh|\S+\.\w+|\S*configure)(?:\[\d+\])?: (?:(?:line )?\d+: )?[^\s:/]{1,80}: not"
        r" found",
    ),
    Clue(SURE, "[errno 2]", r"(?:running|subprocess|command|exec\w*|spawn\w*)\b[^\n]{0,60}\[Errno 2\]"),
    Clue(SURE, "filenotfounderror", given="_execute_child"),
    Clue(SURE, "unknown command", r"^fish: .*: [^\s/]+$"),
    Clue(
        SURE,
        "no such file",
        r"^(?:\S*/)?(?:env|nice|ionice|nohup|timeout|xargs|time|sudo|doas|stdbuf|setsid|flock|strace|exec"
        r"|watch|chroot|script|tini): (?:[\w ]{0,40}: ?)?(?:[\w ]{1,40} )?.?[^\s/:]{1,80}: no such file",
    ),
    Clue(SURE, "no such file", r"^g?make(?:\[\d+\])?: (?!\*)[^/:\s]{1,80}: no such file"),
    Clue(
        SURE,
        "no such file",
        rf"{CANNOT} (?:execute|exec|run|start|spawn|launch) ['\"]?[^\s'\"/]+['\"]?: no such file",
    ),
    Clue(SURE, "not found", r"^(?:\S*: )?(?:\d+: )?exec: [^\s:/]{1,80}: not found"),
    Clue(SURE, "enoent", r"\bspawn(?:sync)? [^\n]{1,200} ENOENT"),
    Clue(SURE, "no such file", r"No such file or directory: '[^'/]+'", given="_execute_child"),
    Clue(SURE, "no such file", r"no such file or directory (?:@ \w+ )?- [^/\s]+", given="popen"),
    Clue(SURE, "no such file", r"no such file or directory (?:@ \w+ )?- [^/\s]+", given="spawn"),
    Clue(SURE, "no such file", r"`(?:system|exec|spawn|popen|`)': no such file or directory - [^/\s]+"),
    *said(
        STRONG,
        "not found in path | not found on path | not found in $path | not found on your path | "
        "not found or not executable | not found or is not executable | program not found | failed to spawn | "
        "executable doesn't exist | required file not found | can't exec | is not installed for the toolchain",
    ),
    Clue(STRONG, "cannot find", r"cannot find [‘'`\"]?(?:ld|as|cc1\w*|collect2|lld|gold|mold)\b"),
    Clue(STRONG, "not a full path", r"is not a full path"),
    Clue(STRONG, "linker", r"linker [`'\"][^`'\"]+[`'\"] not found"),
    Clue(
        STRONG,
        "not found",
        r"(?:program|executable|compiler|binary|interpreter|utility|tool|command)s?"
        r" [`'\"‘]?[\w.+/-]+[`'\"’]?,? (?:was )?not found",
    ),
    Clue(STRONG, "not found in", r"error: \S+ not found in"),
    *said(
        FAIR,
        "no such command | no such subcommand | could not find executable | no interpreter found | "
        "bad interpreter | java_home is not | java_home environment variable is not",
    ),
    Clue(
        FAIR,
        "not found",
        r"(?:cannot|could not|couldn't|unable to|failed to) (?:find|locate) (?:the )?(?:\S+ )?(?:program"
        r"|executable|compiler|binary|interpreter|command)",
    ),
    Clue(
        FAIR,
        "find",
        r"(?:cannot|could not|couldn't|unable to|failed to|can't) (?:find|locate) (?:the |a |an )?(?:\S+"
        r" ){0,2}(?:program|executable|compiler|binary|interpreter|command)\b",
    ),
    Clue(FAIR, "is not installed", r"\S+ is not installed"),
    Clue(FAIR, "required but", r"required but (?:it'?s )?(?:\w+ ){0,3}(?:not|missing|installed)"),
    *said(
        LIKELY,
        "unknown command",
    ),
    Clue(LIKELY, "is not a", r"is not an? (?:\w+ )?command"),
    Clue(
        LIKELY,
        "no such file",
        r"(?:fork/exec|exec|execvp|execve|posix_spawn|CreateProcess)\b[^\n]{0,200}no such file",
    ),
    Clue(LIKELY, "failed to run", r"failed to (?:run|execute|start)[^\n]{0,120}(?:no such file|not found)"),
    Clue(WEAK, "127", r"\b(?:exit(?:ed)?|code|status|error) (?:with )?(?:code |status )?127\b"),
)
