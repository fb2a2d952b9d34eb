"""What an analysis has to be: good ones of many kinds pass, and each way of having none is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from loopwright.andon.blame import blames
from loopwright.andon.vacuous import always_passes, only_tells
from loopwright.andon.whys import objections
from loopwright.vocabulary import Analysis, Countermeasure, RootCause, Why
from tests.andon.incidents import ANALYSIS, WHYS


def of(category: str, cause: str, measure: Countermeasure, *levels: tuple[str, str, str, str]) -> Analysis:
    return Analysis("The line stopped.", tuple(Why(*level) for level in levels), RootCause(category, cause), (measure,))


def l2(measure: str, location: str, check: str) -> Countermeasure:
    return Countermeasure(measure, "L2", location, check)


GOOD = {
    "an amount off by a hundred": ANALYSIS,
    "a header that isn't installed": of(
        "tool gap",
        "The labs' setup installs Python packages alone; what they compile against is named nowhere.",
        l2("Setup installs and checks the headers", "agents/LOOPS.md", "pkg-config --exists libpq"),
        (
            "pip can't build psycopg2.",
            "pip install psycopg2",
            "pg_config executable not found",
            "It compiles, and lacks pg_config.",
        ),
        (
            "pg_config is not on the lab's PATH.",
            "command -v pg_config || echo missing",
            "missing",
            "The package that has it isn't there.",
        ),
        (
            "Setup does not install libpq-dev.",
            "grep -c libpq agents/LOOPS.md",
            "0",
            "setup: knows of pip and nothing else.",
        ),
        (
            "The maintainers' machines have it by chance.",
            "grep -rn libpq README.md docs | wc -l",
            "0",
            "No page tells that it is needed.",
        ),
        (
            "Nothing compares a bare machine with what is needed.",
            "ls .ci",
            "test.sh",
            "CI uses an image in which it happens to be.",
        ),
    ),
    "a flaky clock": of(
        "design flaw",
        "Time is read from the machine in nine places, so no test can say what time it is.",
        Countermeasure("One clock is handed in", "L1", "src/clock.py", "! grep -rn 'datetime.now' src --include=*.py"),
        (
            "A token expires a second early.",
            "pytest -q tests/test_token.py",
            "1 failed",
            "It fails around midnight UTC only.",
        ),
        (
            "Expiry is counted in local days.",
            "grep -n today src/token.py",
            "14: date.today()",
            "The day changes before the token's does.",
        ),
        ("Nine modules read the clock.", "grep -rlc 'now()' src | wc -l", "9", "None of them can be told the time."),
        ("Tests freeze one of them.", "grep -rn freeze tests | wc -l", "1", "What the others read is the real time."),
        (
            "No rule says where time comes from.",
            "grep -in clock agents/LANGUAGE.md | wc -l",
            "0",
            "Each author took the nearest way.",
        ),
    ),
    "an agent that invented a package": of(
        "process defect",
        "Gates install whatever a change asks for: no check compares new dependencies with the lock file.",
        l2("A gate refuses what the lock file lacks", ".ci/deps.sh", "sh .ci/deps.sh"),
        (
            "The import of fastjsonx fails.",
            "python3 -c 'import fastjsonx'",
            "ModuleNotFoundError",
            "There is no such module.",
        ),
        (
            "It is in requirements.txt.",
            "grep -n fastjsonx requirements.txt",
            "7:fastjsonx",
            "The maker hallucinated a name, and wrote it down.",
        ),
        (
            "The index has no package of this name.",
            "pip download fastjsonx",
            "No matching distribution",
            "It never existed.",
        ),
        (
            "The install step ignores its failures.",
            "grep -n pip .ci/setup.sh",
            "pip install -r requirements.txt || true",
            "A name that isn't there passes.",
        ),
        (
            "The lock file is not read.",
            "grep -rn requirements.lock .ci | wc -l",
            "0",
            "Nothing stops an agent that makes up a name.",
        ),
    ),
    "a missing criterion": of(
        "spec omission",
        "Plans for exports name no encoding, and the goal doesn't either.",
        Countermeasure(
            "The template asks for the encoding",
            "L3",
            "plans/TEMPLATE.md",
            "grep -q Encoding plans/TEMPLATE.md",
            "A plan is prose; no check reads it.",
        ),
        (
            "The file isn't readable in the shop's system.",
            "file out/export.csv",
            "UTF-8 Unicode text",
            "It expects Latin-1.",
        ),
        ("The writer uses the default encoding.", "grep -n open src/export.py", "open(path, 'w')", "Nobody chose one."),
        ("The plan is silent on it.", "grep -ic encoding plans/export.md", "0", "The maker had nothing to go by."),
        ("Earlier plans are silent, too.", "grep -il encoding plans/*.md | wc -l", "0", "It was agreed on by mail."),
        (
            "The template has no place for formats.",
            "grep -c '^##' plans/TEMPLATE.md",
            "6",
            "What it doesn't ask for is left out.",
        ),
    ),
    "an unknown rule": of(
        "knowledge gap",
        "That migrations run in the order of their names stands in nobody's brief.",
        l2(
            "A test refuses two migrations with one number",
            "tests/test_migrations.py",
            "pytest -q tests/test_migrations.py",
        ),
        (
            "A column is used before it is there.",
            "make migrate",
            "no such column: users.mail",
            "0007_mail ran after 0007_index.",
        ),
        ("Two migrations have the number 7.", "ls migrations", "0007_index.sql", "Order falls back to the name."),
        (
            "Two plans took the same number.",
            "git log --format=%s -- migrations",
            "add mail",
            "Both were written on one day.",
        ),
        ("The wiki doesn't tell how numbers are given.", "grep -rn migrations wiki | wc -l", "0", "It is folklore."),
        (
            "The gate migrates an empty database.",
            "grep -n migrate .ci/test.sh",
            "make migrate-empty",
            "On an empty one the order doesn't show.",
        ),
    ),
    "a memory limit": of(
        "process defect",
        "Limits of labs are set for one process, and test suites are started with eight.",
        Countermeasure("Workers follow the limit", "L1", "Makefile", "make -n test | grep -q -- '-n 2'"),
        ("The suite is killed.", "make test", "Killed", "Exit 137: memory."),
        ("Eight workers share 2 GiB.", "grep -n workers Makefile", "WORKERS = 8", "Each takes 400 MiB."),
        (
            "Its number is fixed in the Makefile.",
            "git log -1 --format=%s -- Makefile",
            "Faster tests",
            "It was tuned on a bigger machine.",
        ),
        ("A lab's limit is not visible to make.", "env | grep -c LIMIT", "0", "It can't adapt."),
        ("No gate measures memory.", "grep -rn ulimit .ci | wc -l", "0", "Growth is seen when it kills."),
    ),
    "a test that tests nothing": of(
        "process defect",
        "New tests aren't run against the old code, so one that can't fail counts as one.",
        l2("Mutants of changed lines", "agents/LOOPS.md", "grep -q mutants agents/LOOPS.md"),
        ("The bug came back.", "pytest -q tests/test_cart.py", "12 passed", "All of them pass with it."),
        (
            "The test compares a thing with itself.",
            "grep -n assert tests/test_cart.py",
            "assert cart == cart",
            "It can't fail.",
        ),
        (
            "Review looked at src only.",
            "git log -1 --format=%b",
            "Reviewed: src/cart.py",
            "The diff of tests was folded.",
        ),
        ("The gate counts tests.", "grep -n collected .ci/gate.sh", "collected 12", "More is taken for better."),
        (
            "No step runs a new test on old code.",
            "grep -c stash .ci/gate.sh",
            "0",
            "A hollow test looks like any other.",
        ),
    ),
    "two sources of one truth": of(
        "design flaw",
        "The version stands in two files that nothing holds together.",
        Countermeasure("One file has the version", "L1", "pyproject.toml", "! grep -n __version__ src/app/__init__.py"),
        ("The tag is 1.3, the package 1.2.", "python3 -m app --version", "1.2", "The build took another file."),
        ("Both files have a version.", "grep -rn '1\\.[23]' pyproject.toml src/app/__init__.py", "1.3", "They differ."),
        (
            "The release plan names one.",
            "grep -n version plans/release.md",
            "pyproject.toml",
            "The other was out of its scope.",
        ),
        ("Nothing compares them.", "grep -rn __version__ tests | wc -l", "0", "No gate reads both."),
        (
            "The second one dates from setup.py.",
            "git log --format=%s -- setup.py",
            "Remove setup.py",
            "Its reader went, it stayed.",
        ),
    ),
    "a network that isn't there": of(
        "tool gap",
        "The linter downloads its rules at start, and labs have no network.",
        l2("Rules are vendored and their hash is checked", "lint/rules", "sha256sum -c lint/rules.sha256"),
        ("The gate times out.", "make lint", "timed out", "It waits for a server."),
        (
            "The linter fetches rules.",
            "grep -n extends lint/config.yaml",
            "extends: https://",
            "Each start needs them.",
        ),
        ("A lab has no network.", "curl -sS https://localhost; true", "curl", "By design: keys can't leak."),
        ("The cache is left out of labs.", "ls -a", ".gitignore", "It is ignored, and not copied."),
        ("setup doesn't warm it.", "grep -n setup agents/LOOPS.md", "setup: []", "Nobody said that a linter needs it."),
    ),
    "hypotheses that turned out false": of(
        "process defect",
        "Conflicts are resolved by taking one side, which no gate sees when the other side's tests go with it.",
        l2("Tests of the mainline are laid over", "agents/LOOPS.md", "loopwright check agents/LOOPS.md"),
        ("The mainline broke on its own.", "git stash list | wc -l", "0", "False: its last commit passes alone."),
        ("The merge lost a function.", "grep -c 'def refund' src/pay.py", "0", "It is in both parents, and not here."),
        (
            "Its conflict was resolved with ours.",
            "git log -1 --format=%B",
            "resolved: ours",
            "Theirs was dropped whole.",
        ),
        ("Its tests were dropped with it.", "ls tests | grep -c refund || true", "0", "So the gates stayed green."),
        (
            "Only the candidate's tests run.",
            "grep -n pytest .ci/gate.sh",
            "pytest tests",
            "They are those of the merge itself.",
        ),
    ),
    "six levels and rules alone": Analysis(
        whys=(
            *WHYS,
            Why("The template shows no example.", "grep -c Example plans/TEMPLATE.md", "0", "It asks for none."),
        ),
        root_cause=RootCause("spec omission", "The template asks for no example of what is wanted."),
        countermeasures=(
            Countermeasure(
                "Ask for one", "L3", "plans/TEMPLATE.md", "grep -q Example plans/TEMPLATE.md", "Prose can't be gated."
            ),
            Countermeasure("Note it", "L4", "wiki/index.md", "grep -q examples wiki/index.md"),
        ),
    ),
    "a model at its limit, and what let it through": of(
        "process defect",
        "When a model forgot the second file, no check asked whether both change together.",
        l2("A check ties both files", ".ci/both.sh", "sh .ci/both.sh && git diff --exit-code"),
        *((why.hypothesis, why.command, why.output, why.conclusion) for why in WHYS),
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_analysis_passes(name: str) -> None:
    assert objections(GOOD[name]) == ()


def level(number: int, **fields: str) -> Analysis:
    whys = list(WHYS)
    whys[number - 1] = replace(whys[number - 1], **fields)
    return replace(ANALYSIS, whys=tuple(whys))


def cause(text: str, category: str = "process defect") -> Analysis:
    return replace(ANALYSIS, root_cause=RootCause(category, text))


def measured(**fields: str) -> Analysis:
    return replace(ANALYSIS, countermeasures=(replace(ANALYSIS.countermeasures[0], **fields),))


BAD = {
    "nothing at all": (Analysis(), "there are 0 whys"),
    "four levels": (replace(ANALYSIS, whys=WHYS[:4]), "there are 4 whys"),
    "todo": (level(2, hypothesis="TODO: look into it"), "why 2: it has no hypothesis"),
    "tbd": (level(3, conclusion="TBD"), "why 3: it has no conclusion"),
    "dots": (level(5, conclusion="..."), "why 5: it has no conclusion"),
    "n/a": (level(4, hypothesis="n/a"), "why 4: it has no hypothesis"),
    "unknown": (cause("Unknown."), "there is no root cause"),
    "lorem ipsum": (level(1, hypothesis="Lorem ipsum dolor sit amet"), "why 1: it has no hypothesis"),
    "the template": (level(1, conclusion="<your conclusion>"), "why 1: it has no conclusion"),
    "to be determined": (cause("To be determined by the team."), "there is no root cause"),
    "one word": (level(2, conclusion="Confirmed."), "why 2: its conclusion says too little"),
    "human error": (cause("Human error."), "the root cause"),
    "a person forgot": (cause("The developer forgot to run the tests, so the check failed."), "blames"),
    "carelessness": (cause("Carelessness in the second chunk of the plan."), "blames"),
    "a lazy agent": (cause("The agent was lazy and wrote no tests."), "blames"),
    "hallucination": (cause("The model hallucinated an API that is not there."), "blames"),
    "bad luck": (cause("It was bad luck that both ran at once."), "blames"),
    "agent error at last": (level(5, conclusion="So the maker simply made a mistake here."), "the last conclusion"),
    "a circle of hypotheses": (
        level(4, hypothesis="Because `discount` gives -900 where 90 was due"),
        "why 4: it restates",
    ),
    "a circle by its conclusion": (
        level(5, conclusion="That is why the percentage is multiplied as it is."),
        "why 5: it concludes what why 2 began with",
    ),
    "one conclusion twice": (level(3, conclusion=WHYS[1].conclusion), "why 3: it concludes what why 2"),
    "one verification twice": (
        level(3, command=WHYS[0].command, output=WHYS[0].output),
        "why 3: it rests on the same command",
    ),
    "the cause is the symptom": (cause("`discount` gives -900 where 90 is due"), "restates why 1"),
    "no verification": (level(3, command="", output=""), "why 3: it has no verification"),
    "evidence made up": (level(3, command="echo 'no test calls it' && true"), "why 3: its verification prints"),
    "not verified": (level(3, conclusion="Not verified: it printed something else."), "why 3: its verification didn't"),
    "a category of its own": (cause("No test looks at amounts.", "human factors"), "is no category"),
    "no category": (cause("No test looks at amounts.", ""), "root cause: it has no category"),
    "no countermeasure": (replace(ANALYSIS, countermeasures=()), "there is no countermeasure"),
    "no level": (measured(level=""), "countermeasure 1: it has no level"),
    "no location": (measured(location="TBD"), "countermeasure 1: it has no location"),
    "no check": (measured(check="n/a"), "countermeasure 1: it has no check"),
    "a check that can't fail": (measured(check="make test || true"), "countermeasure 1: its check can't fail"),
    "no measure": (measured(measure="TODO"), "countermeasure 1: it doesn't say"),
    "an appeal": (measured(measure="Be more careful with percentages"), "an appeal changes nothing"),
    "a rule without a reason": (measured(level="L3"), "no countermeasure is at L1 or L2"),
    "a reason that is none": (measured(level="L4", justification="n/a"), "no countermeasure is at L1 or L2"),
}


@pytest.mark.parametrize("name", BAD)
def test_each_way_of_having_no_analysis_is_named(name: str) -> None:
    analysis, told = BAD[name]
    found = objections(analysis)
    assert any(told in objection for objection in found), found
    assert len(found) == 1 or name == "nothing at all"


@pytest.mark.parametrize(
    "text",
    [
        "Operator error.",
        "User error while editing the config",
        "Agent mistake",
        "The LLM got confused and was careless",
        "Lack of attention to detail",
        "A simple oversight by the maker; just a mistake.",
        "Claude hallucinated the function",
        "The maker didn't pay attention to the plan.",
        "Someone forgot the flag",
        "The reviewer missed it",
        "Model limitations",
        "These things happen.",
        "The fault of the agent",
        "The planner should have been more careful",
        "Sheer coincidence",
    ],
)
def test_a_cause_that_is_somebody_s_is_none(text: str) -> None:
    assert blames(text)


@pytest.mark.parametrize(
    "text",
    [
        "Nothing notices when an agent forgot a file.",
        "The user table has no index on mail.",
        "No type keeps percent and fraction apart, so human error goes through.",
        "The error handler of the model module swallows the exit code.",
        "The parser ignores trailing commas.",
        "The plan's scope leaves out the tests that it asks for.",
        "Agents are given a lab without a network.",
        "The brief doesn't say it, and the maker guessed.",
        "User input isn't validated.",
        "The person model lacks a date of birth.",
    ],
)
def test_a_cause_in_the_works_is_one(text: str) -> None:
    assert not blames(text)


@pytest.mark.parametrize(
    "command",
    [
        "true", ":", "exit 0", "echo ok", "printf done", "/bin/true", "make test || true", "make test; true",
        "make test || echo failed", "make test || :", "make test ; exit 0", "test 1 = 1", "[ 1 -eq 1 ]", "[ x ]",
        "test -n yes", "! false", "bash -c true", "sh -c 'exit 0'", "bash -c 'make test || true'",
        "python3 -c pass",
        "python3 -c 'print(1)'", "python -c \"import sys; sys.exit(0)\"", "echo ok | grep -q ok", "make test | tee log",
        "make test | cat", "make test 2>&1 | tail -5", "true && echo fine", "false || true", "A=1 true",
        "make test &\ntrue", "true # make test", "echo done > /dev/null", "make test\ntrue",
    ],
)  # fmt: skip
def test_a_check_that_can_not_fail_is_seen(command: str) -> None:
    assert always_passes(command)


@pytest.mark.parametrize(
    "command",
    [
        "make test", "make test && true", "true && make test", "make test || false", "make test || exit 1; true",
        "grep -q x file || exit 1", "! grep -rn now src", "test -f file", "test \"$(wc -l < file)\" = 3",
        "[ -n \"$X\" ]",
        "make test | grep -q passed", "python3 -c 'import app; app.main()'", "python3 -m unittest", "false", "exit 1",
        "bash -c 'make test'", "cat file | grep -q x", "printf '1\\n' | python3 src/sum.py", "set -e; make; true",
        "if make; then true; fi", "(make test); true", "python3 - <<'E'\nassert 0\nE", "echo 'unclosed", "",
        "true & make test", "test 1 = 2", "git diff --exit-code", "env A=1 make test", "python3 -c 'assert 1 + 1 == 3'",
    ],
)  # fmt: skip
def test_a_check_that_can_fail_is_none_of_these(command: str) -> None:
    assert not always_passes(command)


def test_a_verification_that_only_tells_is_seen() -> None:
    assert all(map(only_tells, ("echo no tests", "true", "printf a; printf b", "echo a > /dev/stdout", "echo a && :")))
    assert not any(map(only_tells, ("grep x y || echo none", "echo $X | wc -c", "ls", "cat a; echo b", "")))


@pytest.mark.parametrize("text", ["x" * 100_000, "'" * 10_000, "a b " * 30_000, "the agent " * 10_000, "| " * 5000])
def test_judging_hostile_words_takes_no_time(text: str) -> None:
    whys = tuple(Why(text, text, text, text) for _ in range(8))
    measures = (Countermeasure(text, "L2", text, text, text),)
    assert objections(Analysis(text, whys, RootCause("tool gap", text), measures))
