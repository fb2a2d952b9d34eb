"""A file, folder, ref, target or script isn't where it was looked for."""

from __future__ import annotations

from loopwright.andon.clues.clue import CANNOT, FAIR, LIKELY, STRONG, SURE, VAGUE, Clue, said

CLUES: tuple[Clue, ...] = (
    *said(STRONG, "cannot read file | no inputs were found"),
    *said(STRONG, "does not contain main module"),
    Clue(SURE, "could not resolve", r"could not resolve \"[^\"@]+\.[cm]?[jt]sx?\""),
    *said(
        STRONG,
        "filenotfounderror | nosuchfileexception | filenotfoundexception | can't cd to | "
        "file or directory not found | unable to access jarfile | not a git repository | "
        "did not match any file | no targets specified and no makefile | could not locate gemfile | "
        "no rakefile found | there is no pom in this directory | no go files in | go.mod file not found | "
        "cannot find main module | does not appear to contain cmakelists.txt | missing script | "
        "no such file or directory | cannot find the path | cannot find the file | no such target | "
        "could not resolve entry module | no such file exists | no rule to make target | "
        "missing and no known rule to make it | entry module",
    ),
    Clue(
        STRONG,
        "not found",
        r"^(?:\S*: )?(?:\S*sh|\S+\.\w+)(?:\[\d+\])?: (?:(?:line )?\d+: )?[^\s:]{0,80}/[^\s:]{0,80}: not"
        r" found",
    ),
    Clue(
        STRONG,
        "",
        r"(?:path|file|directory|folder) ['\"`]\S+['\"`] (?:does not exist|doesn't exist|not found|was"
        r" not found)|specified path does not exist",
    ),
    Clue(STRONG, "enoent", r"\bENOENT\b"),
    Clue(STRONG, "enotdir", r"\bENOTDIR\b"),
    Clue(
        STRONG,
        "could not find",
        r"could not find [`'\"]?[\w./-]+\.(?:toml|json|ya?ml|xml|txt|lock|cfg|ini|mod|gradle)",
    ),
    Clue(
        STRONG,
        "find",
        r"(?:can'?t|cannot|could not|couldn'?t|unable to|failed to) find (?:the )?(?:source |input "
        r"|config(?:uration)? |script |target )?(?:file|directory|folder|path)",
    ),
    Clue(STRONG, "os error 2", r"os error 2\)"),
    Clue(STRONG, "cannot find module", r"cannot find module ['\"](?:/|[a-z]:\\)"),
    Clue(STRONG, "cannot load such file", r"cannot load such file -- (?:\.|/)"),
    Clue(STRONG, "can't resolve", r"can't resolve ['\"]\.{0,2}/"),
    Clue(STRONG, "could not resolve", r"could not resolve ['\"](?:\.{0,2}/)"),
    Clue(STRONG, "failed to", r"failed to (?:resolve import|load url) \S*\.{1,2}/"),
    Clue(STRONG, "no such file", r"#include \"|fatal error: [\w./+-]+\.h\w*: no such file", given='#include "'),
    *said(
        FAIR,
        "cannot find path | could not find file | no makefile found | no input files | no files matching | "
        "not a directory | can't open file | cannot open file | could not open | couldn't open | can't read | "
        "cannot read file | cannot stat | cannot access | couldn't find a configuration | failed opening | "
        "failed to open | unable to open | couldn't read | no configuration file | "
        "does not appear to be a git repository | unknown revision | couldn't find remote ref | file not found | "
        "no such table | no such column | can't open input | is not a valid path | cannot find or open | "
        "don't know how to build task | does not appear to be a | is not a valid editable | "
        "are you in a git repository | no input file | no file to patch | with an existing package-lock | "
        "is not a file | but none was | needed a single revision | bad revision | not a valid object name",
    ),
    Clue(FAIR, "could not find", r"could not find ['\"`]?(?:\.{0,2}/|[\w-]+\.\w{1,5}\b)"),
    Clue(FAIR, "found", r"\bno [^\n]{1,80} (?:was|were) found (?:in|at)\b|but none was$"),
    Clue(FAIR, "cannot find module", r"cannot find module ['\"]\.{1,2}/"),
    Clue(
        FAIR,
        "not found",
        r"(?:file|path|directory|folder|config(?:uration)?|script|target|template|fixture file"
        r"|pyproject\.toml|package\.json|manifest)\b[^\n]{0,80} (?:was |were |is |be |could )?(?:not be"
        r" )?(?:not )?found",
    ),
    Clue(FAIR, "missing", r"missing (?:file|directory|input|config|required file)"),
    Clue(
        FAIR,
        "no ",
        r"^\S{0,30}:? ?(?:error:? )?no (?:[\w.-]+ )?(?:\w+ )?(?:file|lockfile|config|configuration"
        r"|project|manifest|package\.json|pyproject\.toml|makefile)[\w ]{0,20}(?:found|exists?|in)\b",
    ),
    Clue(
        FAIR,
        "",
        rf"{CANNOT} (?:find|locate|open|read|load|access|stat)\b[^\n]{{0,80}}?(?:(?:^|[\s'\"`(])(?!https?:"
        rf"|\w+://)[\w@~-]*[./][\w./-]*\w|\bfiles?\b|\bdirectory|\bfolder|\bpath\b)",
    ),
    Clue(FAIR, "no such", r"\bno such (?!host|process|module|command|package|option|method|sub|program|library)\w"),
    Clue(FAIR, "no ", r"\bno [`'\"]?[\w-]*\.[\w.-]+[`'\"]? (?:file )?(?:found|exists|in\b)"),
    Clue(
        FAIR,
        "contain",
        r"(?:not|neither|nor|none)\b[^\n]{0,60} contains? (?:a |an |any )?[^\n]{0,30}(?:file|\.\w{2,5}\b)",
    ),
    Clue(FAIR, "is not a", r"is not an? (?:[\w ]{0,20})(?:working copy|repository|project|directory|checkout)\b"),
    *said(
        LIKELY,
        "no test files found | no tests found | no test suite found | config file not found | "
        "could not find or load main class | does not exist | doesn't exist | no repository found | "
        "cannot open | can't open | no such path | path not found | not found: | no file | pathspec",
    ),
    Clue(LIKELY, "is required", r"['`\"][\w./-]+\.\w{1,4}['`\"] is required"),
    Clue(LIKELY, "not found", r"^fatal: |repository .{0,120}not found"),
    *said(
        VAGUE,
        "not found | could not be found | cannot be found | can't find | cannot find | could not find | "
        "couldn't find | unable to find | unable to locate | could not locate | not matched | nothing to do",
    ),
    Clue(VAGUE, "found", r"\bno [^\n]{1,60} (?:was |were )?found\b"),
    Clue(
        VAGUE,
        "no ",
        r"\bno (?:config\w*|input|files?|targets?|\w+ directory|such \w+)\b (?:provided|given|specified"
        r"|matched|in\b|to\b)",
    ),
)
