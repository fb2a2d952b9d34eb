"""Code or configuration that isn't in order, as compilers, linters, formatters and parsers say it."""

from __future__ import annotations

from loopwright.andon.clues.clue import FAIR, LIKELY, STRONG, SURE, VAGUE, WEAK, Clue, said

CLUES: tuple[Clue, ...] = (
    *said(FAIR, "exec format error | error parsing | error converting"),
    Clue(STRONG, "yaml", r"\byaml: line \d+"),
    Clue(WEAK, "invalid ", r"\binvalid (?!memory)"),
    *said(STRONG, "does not exist on type | files were modified by this hook"),
    Clue(FAIR, "type error", r"\btype error\b"),
    Clue(FAIR, "undefined", r"\bundefined (?:name|control sequence)\b"),
    Clue(LIKELY, "", r"\b[1-9]\d* (?:issues?|offen[sc]es?|problems?|violations?) (?:found|detected)"),
    *said(
        SURE,
        "undefined reference to | missing separator | does not provide an export | indentationerror",
    ),
    *said(
        STRONG,
        "syntaxerror | syntax error | taberror | cannot import name | unable to compile | was not declared | "
        "undeclared identifier | use of undeclared | has no exported member | parse error | parsing error | "
        "unexpected end of | unexpected eof | ejsonparse | would be reformatted | would reformat | "
        "code style issues | is not exported | mixed implicit | compilation failed | compilation error | "
        "compile error | compileerror | could not compile | recipe commences | unexpected indent | "
        "invalid syntax | not exported by | no newline at end | [build failed]",
    ),
    Clue(STRONG, "problem", r"[1-9]\d* problems? \([1-9]\d* errors?"),
    Clue(STRONG, "error", r"^\s*\d+:\d+\s+error\s"),
    Clue(
        STRONG,
        "error",
        r"\b\w*(?:Syntax|Parse|Pars(?:er|ing)|Token|Delimiter|Compil(?:e|er|ation)|Indentation|Lex"
        r"(?:er)?)\w*(?:Error|Exception)\b",
    ),
    *said(
        FAIR,
        "cannot find symbol | incompatible types | mismatched types | type mismatch | unterminated | "
        "unbalanced | unclosed | unexpected token | unexpected character | metadata-generation-failed | "
        "failed building wheel | invalid character | failed to parse | cannot parse | could not parse | "
        "unable to parse | malformed | ld returned | duplicate symbol | multiple definition of | "
        "undefined symbol | unresolved external | jsondecodeerror | fatal error in | invalid json | "
        "invalid toml | invalid yaml | expected expression | undefined:  | declared and not used | "
        "non-readable | not well-formed | ill-formed | reader-error | premature end | corrupt | bad config | "
        "does not match schema | type checking failed | is not assignable to | warnings treated as errors | "
        "treated as error",
    ),
    Clue(
        FAIR,
        "error",
        r"^\S[^\n:]{0,200}:\d+(?:[:.,]\d+)?(?:-\d+(?::\d+)?)?\)?: ?(?:\x20*)(?:fatal |internal |syntax"
        r" )?error\b",
    ),
    Clue(FAIR, "error", r"\(\d+,\d+\): (?:fatal )?error\b|^\S+:\d+:\d+ - error\b"),
    Clue(FAIR, "error[e", r"^error\[E\d{4}\]"),
    Clue(FAIR, "error ts", r"\berror TS\d{4,5}"),
    Clue(FAIR, "errors", r"there (?:was|were) \d+ errors?"),
    Clue(FAIR, "error", r"^\s*[1-9]\d* errors?(?: generated| found|,|\.|$)"),
    Clue(FAIR, ":", r"^\S+\.\w{1,5}:\d+:\d+:? [A-Z]{1,4}\d{3,4}\b"),
    Clue(FAIR, "column", r"\bline \d+,? column \d+"),
    Clue(FAIR, "expected", r"^\S+:\d+:\d+: expected "),
    Clue(FAIR, "sc2", r"\bSC\d{4}\b"),
    Clue(FAIR, "expected", r"(?:error|failed).{0,80}\bexpected [`'\"‘(\[{;,]|expected .{1,40} before "),
    Clue(
        FAIR,
        "unexpected",
        r"unexpected (?:token|newline|keyword|identifier|string|symbol|operator|end|character|input|'|`"
        r"|\")",
    ),
    Clue(FAIR, "error: ", r"^(?:\S+: )?(?:error|fatal): (?:invalid|unsupported|unknown|duplicate|missing|expected) "),
    Clue(
        FAIR,
        "missing",
        r"missing (?:a )?(?:terminator|end\b|semicolon|paren|bracket|brace|quote|return|comma|colon"
        r"|closing|operand|argument)",
    ),
    Clue(
        FAIR,
        "end",
        r"(?:expected|unexpected|premature|reached|hit) (?:the )?end(?:[ -]of|\b)|end[ -]of[ -](?:file"
        r"|input)\b[^\n]{0,40}(?:while|in|on|before|reached)",
    ),
    Clue(
        FAIR,
        "",
        r"\b(?:unknown|invalid|unrecogni[sz]ed|unsupported|illegal|bad|undefined|duplicate) (?:option"
        r"|argument|flag|switch|command name|syntax|token|value|character|expression|statement|operator"
        r"|escape|key|property|rule|identifier|variable|function|type|directive|field|attribute"
        r"|instruction)",
    ),
    Clue(FAIR, "line", r"^File \"[^\"]+\", lines? \d+(?:-\d+)?, characters|^\S+ \(line \d+\): "),
    Clue(FAIR, "expression", r"this expression has type|expression was expected"),
    Clue(FAIR, "ts", r"\bTS\d{4,5} ?[:\[(]"),
    *said(
        LIKELY,
        "nameerror | referenceerror | your code has been rated | subprocess-exited-with-error | "
        "unbound variable | unrecognized argument | unrecognized option | unknown option | invalid option | "
        "unexpected argument | call to undefined function | unresolved reference | invalid requirement | "
        "not in gzip format | cmake error",
    ),
    Clue(LIKELY, "found", r"found [1-9]\d* (?:errors?|problems?|issues?|violations?|warnings?)\b"),
    Clue(LIKELY, "expected", r"['\"`)\]}] expected\b|\bexpected (?:a |an )?['\"`]"),
    Clue(LIKELY, "fatal:", r"[:(]\d+[:)].{0,20}\b(?:fatal|error):"),
    Clue(
        VAGUE,
        ":",
        r"^(?:\W*(?:origin|in|file):? [\w./@-]+\.\w{1,6}:\d+|[\w./@-]+\.\w{1,6}[:(]\d+(?:[:,]\d+)?\)?:?"
        r" (?!in\b)\S)",
    ),
    *said(
        WEAK,
        "build failed | failed to build | build failure | build error | stopping | failed to compile | must be | "
        "validation error | schema | usage: | is not valid",
    ),
)
