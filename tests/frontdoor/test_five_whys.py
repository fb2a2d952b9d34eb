"""After a stop: the analyst's draft is in the incident's page as far as it holds, the evidence beside the record."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from loopwright.andon import page
from loopwright.andon.page import Page
from loopwright.testing.frontdoor import Told
from loopwright.testing.script import Call, Say, Session, Turn

from .conftest import CHECK, PLAN, Scripted, Shop, maker, write
from .refusals import WRONG, begun

AGAIN = "An analysis was submitted before, and refused"
BUNDLE = ("change.patch", "context.json", "failure.json", "output.txt")


def why(hypothesis: str, command: str, output: str, conclusion: str) -> dict[str, Any]:
    told = {"command": command, "output": output}
    return {"hypothesis": hypothesis, "verification": told, "conclusion": conclusion}


WHYS = [
    why("The total of a cart is nothing.", f"{CHECK} 2>&1", "AssertionError: 0 != 6", "The sum is never taken."),
    why("`total` gives a fixed number.", "grep -n 'return 0' src/pricing.py", "return 0", "Its body was put aside."),
    why("The plan speaks of `discount` alone.", "ls src", "pricing.py", "Both live in one module, inside the scope."),
    why("The test of it is small.", "grep -c total tests/test_pricing.py", "3", "One example is all that holds it."),
    why("The gate runs when a chunk is done.", "grep checks: agents/LOOPS.md", "checks:", "Nothing looks any earlier."),
]
ANSWER: dict[str, Any] = {
    "problem": "The sum of all prices came out as nothing.",
    "whys": WHYS,
    "root_cause": {"category": "process defect", "text": "No check runs between an edit and the end of a chunk."},
    "countermeasures": [
        {"measure": "A test of three carts", "level": "L2", "location": "tests/test_pricing.py", "check": CHECK}
    ],
}


def but(number: int, **fields: Any) -> dict[str, Any]:
    """The answer with one why changed."""
    whys = [{**each, **fields} if at == number else each for at, each in enumerate(WHYS, 1)]
    return {**ANSWER, "whys": whys}


def analyst(answer: Mapping[str, Any], *, again: bool = False) -> Session:
    turn = Turn(Call("submit_five_whys", **answer))
    return Session(role="analyst", turns=[turn], when=AGAIN if again else (), unless=() if again else AGAIN)


def red() -> Session:
    return maker(write("src/pricing.py", WRONG))


def andon_page(shop: Shop, run: int = 1) -> Page:
    (found,) = shop.path.glob(f"wiki/90_LOG/*-andon-gen-{run}.md")
    return page.read(found.relative_to(shop.path).as_posix(), found.read_bytes())


def requests_of(shop: Shop, words: str) -> int:
    """How many requests were made whose text has these words."""
    return sum(words in json.dumps(request.body) for request in shop.model.requests)


def stopped(shop: Shop, plan: str = PLAN) -> Told:
    told = begun(shop, plan)
    assert told.code == 3, told.err
    return told


def test_a_draft_that_holds_is_in_the_page_when_the_run_returns(scripted: Scripted) -> None:
    shop = scripted([red(), analyst(ANSWER)])

    told = stopped(shop)

    found = andon_page(shop)
    assert (found.status, found.problems) == ("open", ())
    assert [each.hypothesis for each in found.analysis.whys] == [each["hypothesis"] for each in WHYS]
    assert found.analysis.whys[0].output == "AssertionError: 0 != 6"
    assert found.analysis.root_cause.category == "process defect"
    assert [each.level for each in found.analysis.countermeasures] == ["L2"]
    assert not [note for note in told.json["notes"] if "analy" in note]
    assert 0 < shop.record(1)["roles"]["analyst"]["usage"]["usd"] < told.json["usd"]
    assert shop.git("status", "--porcelain") == ""
    assert shop.labs == []


def test_what_the_commands_do_not_print_is_told_back_and_may_be_mended(scripted: Scripted) -> None:
    wrong = but(2, verification={"command": "grep -n 'return 0' src/pricing.py", "output": "return None"})
    shop = scripted([red(), analyst(wrong), analyst(ANSWER, again=True)])

    stopped(shop)

    assert [each.command for each in andon_page(shop).analysis.whys] == [
        each["verification"]["command"] for each in WHYS
    ]
    assert requests_of(shop, "why 2: run again, its command doesn't print what is cited") == 1
    assert requests_of(shop, "6:    return 0") == 1  # what it printed really


@pytest.mark.parametrize(
    ("command", "output", "said"),
    [
        ("grep -n 'return 0' src/pricing.py", "return None", "doesn't print what is cited"),
        ("cat src/pricing.py", "r", "which occurs in nearly any output"),
        ("cat src/pricing.py", "", "it cites no output"),
        ("echo 'nobody tested it'", "nobody tested it", "prints what it is told to"),
        ("true", "all tests failed", "doesn't print what is cited"),
    ],
)
def test_a_level_that_does_not_hold_is_never_shown_as_verified(
    scripted: Scripted, command: str, output: str, said: str
) -> None:
    wrong = but(4, verification={"command": command, "output": output})
    shop = scripted([red(), analyst(wrong), analyst(wrong, again=True)])

    told = stopped(shop)

    fourth = andon_page(shop).analysis.whys[3]
    assert fourth.conclusion.startswith("Not verified:")
    assert fourth.output == ""
    assert andon_page(shop).analysis.whys[4].conclusion == "Nothing looks any earlier."
    assert any(said in note and "why 4" in note for note in told.json["notes"])


def test_what_prints_nothing_may_be_cited_as_nothing(scripted: Scripted) -> None:
    silent = but(4, verification={"command": "grep -n discount_all src/pricing.py", "output": ""})
    shop = scripted([red(), analyst(silent)])

    told = stopped(shop)

    assert andon_page(shop).analysis.whys[3].conclusion == "One example is all that holds it."
    assert not [note for note in told.json["notes"] if "analy" in note]


def test_commands_that_change_files_do_not_help_the_next_one(scripted: Scripted) -> None:
    whys = [
        *WHYS[:2],
        why("It was written so.", "echo forged > src/new.py; cat src/new.py", "forged", "A file was made."),
    ]
    whys += [why("It stayed.", "cat src/new.py", "forged", "Nobody removed it."), WHYS[4]]
    answer = {**ANSWER, "whys": whys}
    shop = scripted([red(), analyst(answer), analyst(answer, again=True)])

    stopped(shop)

    marked = [each.conclusion.startswith("Not verified:") for each in andon_page(shop).analysis.whys]
    assert marked == [False, False, False, True, False]


def test_a_cause_that_is_somebody_s_is_left_out(scripted: Scripted) -> None:
    blaming = {**ANSWER, "root_cause": {"category": "process defect", "text": "The agent was careless."}}
    shop = scripted([red(), analyst(blaming), analyst(blaming, again=True)])

    told = stopped(shop)

    found = andon_page(shop).analysis
    assert (found.root_cause.text, len(found.whys)) == ("", 5)
    assert any("blames somebody" in note for note in told.json["notes"])


def no_answer() -> Session:
    return Session(role="analyst", turns=[Turn(Say("I think that it was the clock."))])


@pytest.mark.parametrize(
    ("sessions", "settings", "said"),
    [
        ((), "", "no analyst"),
        ((no_answer(),), "", "no-answer"),
        ((), "backend: none", "analyst left out"),
        ((), "backend: command\ncommand: exit 3", "no-answer"),
    ],
)
def test_without_an_answer_the_page_keeps_its_empty_levels(
    scripted: Scripted, sessions: tuple[Session, ...], settings: str, said: str
) -> None:
    shop = scripted([red(), *sessions])
    if settings:
        shop.write("agents/analyst.md", f"---\nname: analyst\ndescription: Why\n{settings}\n---\nAsk why.\n")

    told = stopped(shop)

    found = andon_page(shop)
    assert found.analysis.whys == ()
    assert found.incident is not None
    assert found.incident.command == CHECK
    assert any(said in note for note in told.json["notes"]), told.json["notes"]


def played_by(shop: Shop, **commands: str) -> None:
    """Roles that commands play; all other judges are left out."""
    for role in ("maker", "checker", "goal-checker", "reviewer", "analyst"):
        name = role.replace("-", "_")
        backend = f"backend: command\ncommand: {commands[name]}" if name in commands else "backend: none"
        shop.write(f"agents/{role}.md", f"---\nname: {role}\ndescription: x\n{backend}\n---\nx\n")


def test_an_analyst_without_a_key_stops_nothing_but_itself(shop: Shop) -> None:
    played_by(shop, maker="rm src/pricing.py")
    (shop.path / "agents/analyst.md").unlink()

    told = stopped(shop)

    assert andon_page(shop).analysis.whys == ()
    assert any("there is no key" in note for note in told.json["notes"])


def test_a_program_may_be_the_analyst(shop: Shop) -> None:
    shop.write("wrong.txt", WRONG)
    shop.write("answer.json", json.dumps(ANSWER))
    played_by(shop, maker="cp wrong.txt src/pricing.py", analyst="cat answer.json")

    stopped(shop)

    assert len(andon_page(shop).analysis.whys) == 5


@pytest.mark.parametrize("point", ["andon:stopped", "andon:opened", "close:tagged"])
def test_killed_on_the_way_it_goes_on_without_paying_twice(scripted: Scripted, point: str) -> None:
    wrong = but(2, verification={"command": "cat src/pricing.py", "output": "return None"})
    shop = scripted([red(), analyst(wrong), analyst(ANSWER, again=True)])
    shop.configure("loops: {execution: {attempts-per-chunk: 1}}")
    shop.plan("fix")
    assert shop.door("run", "fix", crash=point).code == -9

    told = shop.door("resume", "1", "--json")

    assert told.code == 3, told.err
    assert len(andon_page(shop).analysis.whys) == 5
    asked = [request for request in shop.model.requests if "submit_five_whys" in json.dumps(request.body)]
    assert len(asked) == 2


def test_what_a_person_wrote_meanwhile_stays(scripted: Scripted) -> None:
    shop = scripted([red(), analyst(ANSWER)])
    shop.configure("loops: {execution: {attempts-per-chunk: 1}}")
    shop.plan("fix")
    assert shop.door("run", "fix", crash="andon:opened").code == -9
    (place,) = shop.path.glob("wiki/90_LOG/*-andon-gen-1.md")
    place.write_text(place.read_text().replace("- Cause:", "- Cause: I know why."))

    shop.door("resume", "1")

    found = andon_page(shop).analysis
    assert found.root_cause.text == "I know why."
    assert len(found.whys) == 5


# ---------------------------------------------------------------- the bundle


def kept(shop: Shop, name: str, run: int = 1) -> str:
    return shop.git("show", f"refs/loopwright/runs/{run}:incident-1/{name}")


def test_the_evidence_is_beside_the_record_in_four_files(scripted: Scripted) -> None:
    shop = scripted([red(), analyst(ANSWER)])

    stopped(shop)

    assert tuple(shop.git("ls-tree", "--name-only", "refs/loopwright/runs/1:incident-1").split()) == BUNDLE
    failure, context = json.loads(kept(shop, "failure.json")), json.loads(kept(shop, "context.json"))
    assert failure["stop"]["reason"] == "attempts"
    assert failure["incident"]["signature"]
    assert any(verdict.get("command") == CHECK for verdict in failure["verdicts"])
    assert "AssertionError: 0 != 6" in kept(shop, "output.txt")
    assert "+    return 0" in kept(shop, "change.patch")
    assert context["base"] == shop.git("rev-parse", f"{context['base']}^{{commit}}")
    assert context["commit"] == shop.git("rev-parse", "refs/loopwright/attempts/1/1/1")
    assert context["lab"]["kind"] == "clone"
    assert "refs/loopwright/runs/1:incident-1/" in (shop.path / andon_page(shop).path).read_text()


# Put together here, so that this file holds nothing of a key's shape itself.
LETTERS = "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zC"
BEGIN, END = "-----BEGIN RSA " + "PRIVATE KEY-----", "-----END RSA " + "PRIVATE KEY-----"
SECRETS = {
    "a PEM key": "\n".join((BEGIN, LETTERS * 2, LETTERS * 2, END)),
    "half a PEM key": "\n".join((BEGIN, LETTERS * 2, LETTERS * 2)),
    "a JWT": "ey" + "J" + LETTERS + "." + "ey" + "J" + LETTERS + "." + LETTERS,
    "a password in a URL": "postgres://shop:" + LETTERS + "@db.example.org/shop",
    "a line of .env": "SHOP_API_TOKEN=" + LETTERS,
}


def in_an_output(shop: Shop, secret: str) -> str:
    """A gate that prints it and fails."""
    (shop.path.parent / "secret.txt").write_text(secret + "\n")
    return PLAN.replace("## Goal", f"## Checks\n- `cat {shop.path.parent}/secret.txt; exit 1`\n\n## Goal")


@pytest.mark.parametrize("name", SECRETS)
def test_the_page_opens_without_the_secrets_that_a_command_printed(scripted: Scripted, name: str) -> None:
    shop = scripted([red(), analyst(ANSWER)])

    stopped(shop, in_an_output(shop, SECRETS[name]))

    assert_nowhere(shop)
    assert andon_page(shop).incident is not None


@pytest.mark.parametrize("name", SECRETS)
def test_a_plan_with_a_secret_in_its_title_is_not_begun(scripted: Scripted, name: str) -> None:
    shop = scripted([red(), analyst(ANSWER)])
    title = f"# A discount, and {' '.join(SECRETS[name].split())}"
    shop.plan("fix", PLAN.replace("# A discount is a percentage", title))

    told = shop.door("run", "fix")

    assert told.code == 2, told.out
    assert "the plan holds a secret" in told.err
    assert LETTERS not in told.err
    assert shop.git("for-each-ref", "refs/loopwright") == ""


@pytest.mark.parametrize("name", SECRETS)
def test_the_patch_of_the_bundle_has_no_secret_either(scripted: Scripted, name: str) -> None:
    keys = write("src/keys.txt", SECRETS[name] + "\n")
    shop = scripted([maker(write("src/pricing.py", WRONG), keys), analyst(ANSWER)])

    stopped(shop)

    assert_nowhere(shop)
    assert "src/keys.txt" in kept(shop, "change.patch")


def assert_nowhere(shop: Shop) -> None:
    """Not in the incident's page, its bundle, nor in anything that the run keeps of its own."""
    assert LETTERS not in (shop.path / andon_page(shop).path).read_text()
    for name in BUNDLE:
        assert LETTERS not in kept(shop, name), name
    assert LETTERS not in shop.git("show", "refs/loopwright/runs/1:journal.jsonl")
    for path in sorted((shop.path / ".git/loopwright").rglob("*")):
        if path.is_file() and path.name not in ("plan.md", "plan.json"):  # what a person wrote, as it was claimed
            assert LETTERS.encode() not in path.read_bytes(), path
