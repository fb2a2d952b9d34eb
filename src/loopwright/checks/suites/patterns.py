"""Reads tests of other languages by careful patterns: names, asserts and skips, after comments are taken out.

It can't see everything (the mainline's own tests are run beside these); what it counts, it counts alike in the old
and the new text. All patterns are bounded: the text may be hostile.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from loopwright.checks.suites.expectation import Expectation
from loopwright.checks.suites.suite import FILE, Case, Marks, Suite, by_name

_STRING = r"\"(?:\\.|[^\"\\\n])*+\"?|'(?:\\.|[^'\\\n])*+'?"
_TEMPLATE = r"|`(?:\\.|[^`\\])*+`?"
_RUST_STRING = r"\"(?:\\.|[^\"\\])*+\"?|'(?:\\[^\n]|[^'\\\n])'"
_SLASHES = r"//[^\n]*|/\*.*?(?:\*/|\Z)"
_HASH = r"(?<![\w$&{])#[^\n]*"
_STATEMENT = 4000  # characters of one assert that are compared
_JS = r"(?:it|test|describe|context|suite|specify|t|this)"


@dataclass(frozen=True)
class Language:
    """How tests of one language look. `test` has the name in its last matched group; `braces`: a test's body can be
    told by its brackets."""

    strings: str
    comments: str
    test: str
    asserts: str
    skips: str
    mutes: str = r"(?!)"
    imports: str = r"(?!)"
    tags: str = r"(?!)"  # skips that are written as comments
    braces: bool = True


JAVASCRIPT = Language(
    _STRING + _TEMPLATE,
    _SLASHES,
    r"(?:(?<![\w$.])|(?<=\bt\.))(?:it|test|specify|xit|xtest|fit)(?:\.\w{1,20}){0,3}\s{0,4}(?:\([^()\n]{0,300}\)\s{0,4})?"
    r"\(\s{0,40}([\"'`])(?P<name>[^\n]{1,300}?)\1",
    r"\bexpect\w{0,20}\s{0,4}[.(]|\bassert\w{0,20}\s{0,4}[.(]|\.should\b|"
    r"\bt\.(?:is|not|deepEqual|like|throws|true|false|truthy|falsy|regex|equals?|same|strictSame|ok|match|rejects)\s{0,4}\(",
    rf"(?<![\w.$])(?:xit|xtest|xdescribe|xcontext)\s{{0,4}}\(|(?<![\w$]){_JS}(?:\.\w{{1,20}}){{0,3}}"
    r"\.(?:skip|todo|failing|fails|skipIf|runIf)\b|\b(?:skip|todo)\s{0,4}:\s{0,4}(?!false)",
    rf"(?<![\w$]){_JS}(?:\.\w{{1,20}}){{0,3}}\.only\b|(?<![\w.$])(?:fit|fdescribe)\s{{0,4}}\(|process\.exit\b",
    r"^\s{0,8}(?:import\b[^\n;]*|(?:const|let|var)\b[^\n=]{1,200}=\s{0,4}require\([^\n]*)",
)
GO = Language(
    _STRING + _TEMPLATE,
    _SLASHES,
    r"^func\s{1,4}(?P<name>(?:Test|Fuzz|Benchmark|Example)\w{0,200})\s{0,4}\(|\b[tb]\.Run\(\s{0,20}\"(?P<sub>[^\"\n]{1,300})\"",
    r"\b[tbf]\.(?:Errorf?|Fatalf?|Fail|FailNow)\b|\b(?:assert|require|is|qt|cmp)\.\w{1,60}\(",
    r"\b[tbf]\.Skip(?:f|Now)?\b|\btesting\.Short\(\)",
    r"\bfunc\s{1,4}TestMain\b|\bos\.Exit\b",
    r"^import\s{0,4}\([^)]{0,20000}\)|^import\b[^\n]*|^package\b[^\n]*",
    r"^//\s{0,4}(?:go:build|\+build)\b",
)
RUST = Language(
    _RUST_STRING,
    _SLASHES,
    r"#\[(?:\w{1,60}::){0,4}(?:test|rstest|test_case|wasm_bindgen_test|quickcheck)\b[^\]\n]{0,300}\]"
    r"(?:\s{0,40}#\[[^\]\n]{0,300}\]){0,8}\s{0,40}(?:pub\s{1,4})?(?:async\s{1,4})?fn\s{1,4}(?P<name>\w{1,200})",
    r"\b(?:\w{1,40}_)?assert\w{0,40}!|\bpanic!|#\[should_panic[^\]\n]{0,300}\]",
    r"#\[ignore\b|#!?\[cfg\(any\(\)\)|#!?\[cfg\((?:not\(test\)|FALSE|false)\)",
    imports=r"^\s{0,40}(?:pub\s{1,4})?use\b[^;]{0,4000};|^\s{0,8}(?:extern crate|mod)\b[^\n{]*;",
)
JVM = Language(
    _STRING,
    _SLASHES,
    r"(?:@(?:Test|ParameterizedTest|RepeatedTest|TestFactory)\b|\[(?:Fact|Test|TestCase|TestMethod|Theory)\b)[^;{]{0,600}?"
    r"\b(?:void|fun|Task)\s{1,4}(?P<name>`[^`\n]{1,200}`|\w{1,200})\s{0,4}\(|\bvoid\s{1,4}(?P<junit3>test\w{0,200})\s{0,4}\(",
    r"\b(?:assert\w{0,40}|Assert(?:ions)?\.\w{1,60}|verify\w{0,40}|expect\w{0,40}|should\w{0,40}|fail)\s{0,4}[({]",
    r"@(?:Disabled|Ignore|EnabledIf|DisabledIf)\w{0,40}\b|\[Ignore\b|\bSkip\s{0,4}=|\bassum(?:e|ing)\w{0,40}\s{0,4}\(|"
    r"\benabled\s{0,4}=\s{0,4}false",
    imports=r"^\s{0,8}(?:import|package|using|namespace)\b[^\n]*",
)
GENERIC = Language(
    _STRING,
    rf"{_SLASHES}|{_HASH}",
    r"\b(?:def|sub|function|func|fn|fun|proc|void)\s{1,4}(?P<name>test\w{0,200})|"
    r"^[ \t]{0,80}(?:it|test|specify|example|scenario|subtest|@test|TEST|TEST_F|TEST_P|TEST_CASE|SCENARIO|"
    r"BOOST_AUTO_TEST_CASE)\b[ \t(]{1,4}(?P<title>\"[^\"\n]{1,300}|'[^'\n]{1,300}|\w[^)\n]{0,200})",
    r"\b(?:assert\w{0,40}|refute\w{0,40}|expect\w{0,40}|EXPECT_\w{1,40}|ASSERT_\w{1,40}|CHECK\w{0,40}|REQUIRE\w{0,40}|"
    r"BOOST_\w{1,40}|XCTAssert\w{0,40}|should\w{0,40}|must_\w{1,40}|is_deeply|cmp_ok|isnt|isa_ok)\b|"
    r"^[ \t]{0,80}(?:is|ok|like|unlike)\b",
    r"\b(?:skip|skip_all|pending|xit|xdescribe|DISABLED_\w{1,60}|GTEST_SKIP|XCTSkip\w{0,20}|markTestSkipped|"
    r"markTestIncomplete|todo_skip)\b",
    imports=r"^\s{0,8}(?:require|require_relative|use|import|include|#include|source|from)\b[^\n]*",
    braces=False,
)

_SUFFIXES = {
    JAVASCRIPT: "js jsx ts tsx mjs cjs mts cts vue svelte",
    GO: "go",
    RUST: "rs",
    JVM: "java kt kts scala groovy cs",
    GENERIC: "py rb php c cc cpp cxx h hpp swift pl pm t sh bash bats ex exs clj hs lua dart r R jl m mm fs nim zig ml",
}
_BY_SUFFIX = {suffix: language for language, suffixes in _SUFFIXES.items() for suffix in suffixes.split()}


def read(path: str, text: str) -> Suite | None:
    """The tests of a source file; None where its suffix is of no language that is known here."""
    language = _BY_SUFFIX.get(path.rpartition(".")[2])
    if language is None:
        return None
    source = _without_comments(text, language)
    cases = by_name(_case(name, region, language) for name, region in _regions(source, language))
    # Marks stand before a test, in a call around it, on a suite: they are counted for the file as a whole.
    skips = len(re.findall(language.skips, source)) + len(re.findall(language.tags, text, re.MULTILINE))
    top = cases[FILE]
    cases[FILE] = replace(top, source=f"{skips}\n{top.source}", marked=lambda: Marks(skips))
    mutes = Counter(re.findall(language.mutes, source))
    bare = functools.partial(re.sub, language.imports, "", source, flags=re.MULTILINE)
    return Suite(cases, {name.strip(): str(count) for name, count in mutes.items()}, lambda: _plain(bare()))


def _without_comments(text: str, language: Language) -> str:
    pattern = re.compile(f"(?P<string>{language.strings})|{language.comments}", re.DOTALL)
    return pattern.sub(lambda match: match["string"] or " ", text)


def _regions(source: str, language: Language) -> Iterator[tuple[str, str]]:
    """Each test's name with the text from its start to the start of the next; before the first, the file's own."""
    starts = list(re.finditer(language.test, source, re.MULTILINE))
    yield FILE, source[: starts[0].start()] if starts else source
    ends = [*(match.start() for match in starts[1:]), len(source)]
    for match, end in zip(starts, ends, strict=False):  # without a test there is an end too many
        yield match[match.lastgroup or 0].strip("\"'`"), source[match.start() : end]


def _case(name: str, region: str, language: Language) -> Case:
    return Case(
        name,
        name != FILE,
        region.strip(),
        functools.partial(_asserts, region, language),
        marked=lambda: Marks(exits=len(re.findall(r"\breturn\s{0,4};|\breturn\s{0,4}\n", region))),
        printed=lambda: _plain(_statement(region, 0, len(region)) if language.braces else region),
    )


def _asserts(region: str, language: Language) -> Counter[Expectation]:
    asserts: Counter[Expectation] = Counter()
    at, pattern = 0, re.compile(language.asserts, re.MULTILINE)
    while match := pattern.search(region, at):
        statement = _statement(region, match.start(), match.start() + _STATEMENT)
        asserts[Expectation(_plain(statement), _relation(statement))] += 1
        at = max(match.end(), match.start() + len(statement))
    return asserts


_EXACT = re.compile(
    r"(?i)==|(?:^|[^a-z])(?:is|eqls?|same)(?:[^a-z]|$)|equals?|_eq\b|\beq_|is_deeply|cmp_ok|throws?|raises?"
)
_PRESENT = re.compile(r"(?i)truthy|falsy|true\b|false\b|defined|exists?\b|present|not_?(?:nil|null|none)|\bok\b|empty")


def _relation(statement: str) -> str:
    """How much an assert asks for, as far as its words tell."""
    if _EXACT.search(statement):
        return "=="
    return "truthy" if _PRESENT.search(statement) else "holds"


def _plain(source: str) -> str:
    """Source without what a formatter would change: white space that divides no words."""
    return re.sub(r" ?([^\w\s]) ?", r"\1", " ".join(source.split()))


_GOES_ON = re.compile(r"\s{0,200}[.{]")
_TOKEN = re.compile(rf"{_STRING}{_TEMPLATE}|[()\[\]{{}}]|[;\n]")


def _statement(text: str, start: int, limit: int) -> str:
    """From `start` to the end of the statement: a line's end outside all brackets, unless the next line goes on."""
    depth = 0
    for token in _TOKEN.finditer(text, start, min(limit, len(text))):
        mark = token[0]
        if mark in "([{":
            depth += 1
        elif mark in ")]}":
            depth -= 1
            if depth < 0:
                return text[start : token.start()]
        elif depth == 0 and (mark == ";" or (mark == "\n" and not _GOES_ON.match(text, token.end()))):
            return text[start : token.start()]
    return text[start:limit]
