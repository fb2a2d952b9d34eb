"""What a run does with what people write: skills, setup, budgets, forms, labs, models, and a mainline that moves."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from loopwright.testing.frontdoor import until
from loopwright.testing.script import Call, Fault, Say, Session, Turn

from .conftest import CHECK, GOOD, LOOPS, PLAN, PRICING, Scripted, Shop, bash, good_maker, judges, maker, verdict, write

HUMAN = PLAN.replace("merge: auto", "merge: human")


def requests(shop: Shop, role: str) -> list[str]:
    assert shop.endpoint is not None
    return [json.dumps(asked.body) for asked in shop.endpoint.asked(role)]


def loops(shop: Shop, **lines: str) -> None:
    """Set lines of LOOPS.md, and commit them."""
    text = LOOPS
    for key, value in lines.items():
        text = text.replace("lab: clone\n", f"lab: clone\n{key.replace('_', '-')}: {value}\n")
    shop.write("agents/LOOPS.md", text)
    shop.commit("loops")


# ---------------------------------------------------------------- skills, roles, context


def test_the_maker_gets_the_chunks_skill_and_an_edit_of_it_reaches_the_next_attempt(scripted: Scripted) -> None:
    skill = "---\nname: careful\ndescription: Work carefully.\n---\nMeasure {} times.\n"
    change = bash("printf 'wrong' > $(git rev-parse --show-toplevel)/notes.txt")
    shop = scripted(
        [
            maker(change, unless="refused attempt 1"),
            maker(write("src/pricing.py", GOOD), bash("rm notes.txt"), when="refused attempt 1"),
            Session(role="checker", turns=[verdict("approve")], repeat=True),
            *judges()[1:],
        ]
    )
    shop.write("skills/careful/SKILL.md", skill.format("two"))
    shop.commit("a skill")
    shop.plan("fix", PLAN.replace("`discount(100, 10)` is 90.", "Skill: careful\n\n`discount(100, 10)` is 90."))
    started = shop.door.start("run", "fix", "--json")
    until(lambda: requests(shop, "maker"))
    shop.write("skills/careful/SKILL.md", skill.format("seven"))

    told = started.wait()

    assert told.json["landed"], told.err
    first = [body for body in requests(shop, "maker") if "refused attempt 1" not in body]
    second = [body for body in requests(shop, "maker") if "refused attempt 1" in body]
    assert "Measure two times." in first[0]
    assert "Measure seven times." in second[0]


def test_each_role_asks_the_model_that_its_file_names(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.write("agents/checker.md", "---\nname: checker\ndescription: d\nmodel: claude-haiku-5-5\n---\nJudge.\n")
    shop.commit("roles")
    shop.plan("fix")

    result = shop.door("run", "fix", "--json", env={"LOOPWRIGHT_LAB_MODEL": "claude-fable-5-2"}).json

    assert result["landed"]
    assert shop.endpoint is not None
    models = {role: {asked.model for asked in shop.endpoint.asked(role)} for role in ("maker", "checker", "reviewer")}
    assert models == {"maker": {"claude-fable-5-2"}, "checker": {"claude-haiku-5-5"}, "reviewer": {"claude-sonnet-5-5"}}


def test_an_unknown_model_costs_null_with_the_reason(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix")

    result = shop.door("run", "fix", "--json", env={"LOOPWRIGHT_LAB_MODEL": "claude-next-9"}).json

    assert (result["landed"], result["usd"]) == (True, None)
    assert "claude-next-9" in result["unpriced"]
    assert "unknown" in shop.page(1)


def test_the_brief_holds_the_goals_in_words_and_never_their_commands(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.write(
        "agents/GOALS.md", "# Goals\n\n## The shop is right\n\nPrices add up.\n\n- `secret-gate --all` -> exit 0\n"
    )
    shop.commit("goals")
    shop.plan("fix")

    assert shop.door("run", "fix", "--json").json["landed"]

    assert "Prices add up." in requests(shop, "maker")[0]
    assert "secret-gate" not in "".join(requests(shop, "maker"))


def test_the_brief_holds_no_gate_beyond_the_plans_own(scripted: Scripted) -> None:
    shop = scripted(
        [
            maker(write("src/pricing.py", PRICING.lstrip() + "\n\nx = 1\n"), unless="refused attempt 1"),
            maker(write("src/pricing.py", GOOD), when="refused attempt 1"),
            *judges(),
        ]
    )
    gates = ("own-check-of-loops", "own-check-of-standards", "own-goal-of-goals")
    shop.write("own.sh", 'grep -q "/ 100" src/pricing.py || { echo no percentage; exit 1; }\n')
    loops(shop, checks=f"['sh own.sh {gates[0]}']")
    shop.write("agents/LOOPS.md", shop.read("agents/LOOPS.md").replace(f'checks: ["{CHECK}"]\n', ""))
    shop.write(
        "agents/STANDARDS.md", f"# Standards\n\n### S-1 A percentage\nLevel: L2\nCheck: `sh own.sh {gates[1]}`\n"
    )
    shop.write("agents/GOALS.md", f"# Goals\n\n## Right\n\n1. Right: `sh {gates[2]}`\n- test: `sh {gates[2]}`\n")
    shop.commit("gates of every kind")
    shop.plan("fix", PLAN.replace("## Goal", "## Checks\n- `grep -q discount src/pricing.py`\n\n## Goal"))

    assert shop.door("run", "fix", "--json").json["landed"]

    first, second = (
        [body for body in requests(shop, "maker") if ("refused attempt 1" in body) == later] for later in (False, True)
    )
    assert not [gate for gate in gates if gate in "".join(first)]
    assert "grep -q discount src/pricing.py" in first[0]  # the plan's own text is the maker's to read
    assert gates[0] in second[0]  # what failed is told: that is evidence
    assert gates[2] not in "".join(second)


def test_a_judging_role_left_out_is_said_on_the_page(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()[1:]])
    shop.write("agents/checker.md", "---\nname: checker\ndescription: d\nbackend: none\n---\n")
    shop.commit("no checker")
    shop.plan("fix")

    assert shop.door("run", "fix", "--json").json["landed"]

    assert "checker left out" in shop.page(1)


def test_for_a_role_that_is_left_out_no_lab_is_made(scripted: Scripted, tmp_path: Path) -> None:
    shop = scripted([good_maker(), *judges()[1:]])
    shop.write("agents/checker.md", "---\nname: checker\ndescription: d\nbackend: none\n---\n")
    loops(shop, setup=f"['echo made >> {tmp_path}/labs']")
    shop.plan("fix")

    assert shop.door("run", "fix", "--json").json["landed"]

    labs = ["maker", "gates of the chunk", "a planted test", "gates of the landing", "goal-checker", "reviewer"]
    assert len((tmp_path / "labs").read_text().split()) == len(labs)


def test_prose_criteria_are_answered_by_number_or_not_met(scripted: Scripted) -> None:
    nothing = Session(role="goal-checker", turns=[Turn(Call("submit_goal_report", met=True, evidence=[]))])
    shop = scripted([good_maker(), judges()[0], nothing, judges()[2]])
    shop.plan("fix")

    told = shop.door("run", "fix", "--json")

    assert (told.code, told.json["outcome"]) == (1, "not-met")
    assert "nothing said of: The function says what it takes." in shop.page(1)


def test_a_defect_after_a_long_padding_still_reaches_the_reviewer(scripted: Scripted) -> None:
    padding = "".join(f"# line {i} of many that say nothing at all\n" for i in range(6000))
    long = write("src/long.py", f"{padding}DEFECT = 1\n")
    shop = scripted([maker(write("src/pricing.py", GOOD), long), *judges()])
    shop.plan("fix")

    assert shop.door("run", "fix", "--json").json["landed"]

    seen = "".join(requests(shop, "reviewer"))
    assert "DEFECT" in seen
    assert "line 0 of many" in seen
    assert "part 2 of 2" in seen


# ---------------------------------------------------------------- labs and their set-up


def test_setup_runs_on_the_mainlines_tree_before_the_makers_files_come(scripted: Scripted) -> None:
    shop = scripted([maker(write("src/pricing.py", GOOD), write("setup.sh", "exit 1\n")), *judges()])
    shop.write("setup.sh", "echo made > tool.txt\n")
    shop.write("agents/LOOPS.md", LOOPS.replace(CHECK, f"{CHECK} && grep -q made tool.txt"))
    loops_text = shop.read("agents/LOOPS.md").replace("lab: clone", 'lab: clone\nsetup: ["sh setup.sh"]')
    shop.write("agents/LOOPS.md", loops_text)
    shop.commit("setup")
    shop.plan("fix", PLAN.replace("- `tests/**`", "- `tests/**`\n- `setup.sh`"))

    result = shop.door("run", "fix", "--json").json

    assert result["landed"], result
    assert shop.read("setup.sh") == "exit 1\n"
    assert not (shop.path / "tool.txt").exists()


def test_a_setup_that_fails_stops_the_run_with_its_own_words(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    loops(shop, setup='["echo no such package >&2; exit 3"]')
    shop.plan("fix")

    told = shop.door("run", "fix", "--json")

    assert (told.code, told.json["stop"]["reason"]) == (3, "lab")
    assert "no such package" in told.json["stop"]["detail"]
    assert shop.endpoint is not None
    assert shop.endpoint.requests == []


def test_a_worktree_lab_lands_the_same_work_and_leaves_no_worktree(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.write("agents/LOOPS.md", LOOPS.replace("lab: clone", "lab: worktree"))
    shop.commit("worktree")
    shop.plan("fix")

    assert shop.door("run", "fix", "--json").json["landed"]

    assert shop.read("src/pricing.py") == GOOD
    assert len(shop.git("worktree", "list").splitlines()) == 1


def test_an_untracked_file_that_loops_names_is_in_the_lab_and_never_lands(scripted: Scripted) -> None:
    shop = scripted([maker(write("src/pricing.py", GOOD), bash("cp local.cfg src/seen.txt")), *judges()])
    loops(shop, copy='["local.cfg"]')
    (shop.path / "local.cfg").write_text("port = 1\n")
    shop.plan("fix")

    assert shop.door("run", "fix", "--json").json["landed"]

    assert shop.read("src/seen.txt") == "port = 1\n"
    assert shop.git("ls-files", "local.cfg") == ""


def test_what_a_maker_left_when_its_time_was_over_is_kept(scripted: Scripted) -> None:
    shop = scripted([maker(write("src/half.py", "HALF = 1\n"), bash("sleep 30")), *judges()])
    loops(shop, loops="{execution: {attempts-per-chunk: 1}}")
    shop.plan("fix")

    told = shop.door("run", "fix", "--json", env={"LOOPWRIGHT_LAB_TIMEOUT_MS": "1500"})

    assert (told.code, told.json["outcome"]) == (3, "stopped")
    assert "HALF = 1" in shop.git("show", "gen-1-failed:src/half.py")
    assert "maker (time)" in shop.page(1)


def test_the_time_in_which_a_lab_gets_ready_is_none_of_its_makers(scripted: Scripted, tmp_path: Path) -> None:
    shop = scripted([good_maker(), *judges()])
    loops(shop, setup=f'["[ -e {tmp_path}/booted ] || {{ touch {tmp_path}/booted; sleep 4; }}"]')

    told = shop.door("run", shop.plan("fix"), "--json", env={"LOOPWRIGHT_LAB_TIMEOUT_MS": "3500"})

    assert (told.json["landed"], told.json["chunks"][0]["attempts"]) == (True, 1), told.err
    assert told.json["seconds"] > 4


# ---------------------------------------------------------------- the model's own failures


def test_faults_of_the_endpoint_are_waited_out_and_are_no_failed_attempt(scripted: Scripted) -> None:
    shop = scripted(
        [
            Session(
                role="maker",
                turns=[
                    Turn(
                        Call("write_file", path="src/pricing.py", content=GOOD),
                        faults=[Fault("rate-limit", retry_after=0.1), Fault("overloaded"), Fault("cut-json")],
                    ),
                    Turn(Say("Deliverables: src/pricing.py\nEvidence: `make test`"), faults=[Fault("drop")]),
                ],
            ),
            *judges(),
        ]
    )
    shop.plan("fix")

    result = shop.door("run", "fix", "--json", env={"LOOPWRIGHT_RETRY_SECONDS": "60"}).json

    assert result["landed"]
    assert result["chunks"][0]["attempts"] == 1


def test_a_model_that_stays_away_pauses_the_run_and_resume_finishes_it(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix")
    url = shop.door.env["ANTHROPIC_BASE_URL"]

    down = shop.door("run", "fix", "--json", env={"ANTHROPIC_BASE_URL": "http://127.0.0.1:9"})
    assert (down.code, down.json["outcome"]) == (4, "paused")
    assert shop.git("show", "main:src/pricing.py") == PRICING.strip()

    up = shop.door("resume", "1", "--json", env={"ANTHROPIC_BASE_URL": url})
    assert (up.code, up.json["landed"]) == (0, True)


@pytest.mark.parametrize(
    ("answer", "reason"), [(Turn(Say("Looks fine.")), "no-answer"), (verdict("maybe"), "malformed")]
)
def test_a_checker_that_gives_no_verdict_has_not_approved(scripted: Scripted, answer: Turn, reason: str) -> None:
    bad = Session(role="checker", turns=[answer, answer, answer], repeat=True)
    shop = scripted([good_maker(), bad, *judges()[1:]])
    loops(shop, loops="{execution: {attempts-per-chunk: 1}}")
    shop.plan("fix")

    told = shop.door("run", "fix", "--json")

    assert (told.code, told.json["landed"]) == (3, False)
    assert reason in shop.page(1)


# ---------------------------------------------------------------- ceilings


def test_a_run_stops_when_its_tokens_are_spent(scripted: Scripted) -> None:
    shop = scripted([maker(*(bash(f"echo {i}") for i in range(30))), *judges()])
    shop.plan("fix", PLAN.replace("merge: auto", "merge: auto\nbudget: {tokens: 4000}"))

    told = shop.door("run", "fix", "--json")

    assert (told.code, told.json["stop"]["reason"]) == (3, "budget")
    assert len(requests(shop, "maker")) < 10


def test_no_run_begins_once_the_days_dollars_are_spent(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    loops(shop, budget="{usd-per-run: 5, usd-per-day: 0.045}")
    shop.plan("fix", HUMAN)
    shop.plan("other", HUMAN)
    spent = shop.door("run", "fix", "--json").json
    limit = round(spent["usd"] * 0.9, 4)
    loops(shop, budget=f"{{usd-per-run: 5, usd-per-day: {limit}}}")

    told = shop.door("run", "other")

    assert (spent["outcome"], told.code, shop.claims) == ("met", 2, [])
    assert f"of ${limit:g} (UTC day)" in told.err
    assert "usd-per-day" in told.err


def test_a_plan_written_against_an_older_commit_stops_before_any_edit(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    then = shop.git("rev-parse", "--short", "HEAD")
    shop.write("src/pricing.py", PRICING + "\nVAT = 20\n")
    shop.commit("someone else was here")
    shop.plan("fix", PLAN.replace("merge: auto", f'merge: auto\nplanned-at: "{then}"'))

    told = shop.door("run", "fix", "--json")

    assert (told.code, told.json["stop"]["reason"]) == (3, "plan-drift")
    assert "src/pricing.py" in told.json["stop"]["detail"]
    assert shop.endpoint is not None
    assert shop.endpoint.requests == []


# ---------------------------------------------------------------- Loom's form


SHOW = "import sys; sys.path.insert(0, 'src'); import pricing; print(pricing.discount(100, 10))"

PROGRAM = f"""
# Task: Divide by a hundred

## Requirements
`discount(100, 10)` is 90.

## Files to Modify
- src/pricing.py

## Acceptance Criteria
- test: `python3 -m unittest discover -s tests`
- probe: `python3 -c "{SHOW}"` -> prints "90.0"
- benchmark: `wc -c < src/pricing.py` <= 500
- The names stay as they are.
"""


def test_a_program_of_looms_form_is_held_to_all_its_criteria(scripted: Scripted) -> None:
    proof = [{"criterion": 4, "met": True, "proof": "src/pricing.py:1"}]
    goal = Session(role="goal-checker", turns=[Turn(Call("submit_goal_report", met=True, evidence=proof))])
    shop = scripted([good_maker(), judges()[0], goal, judges()[2]])
    shop.write("agents/LOOPS.md", LOOPS.replace("merge: human", "merge: auto"))
    shop.commit("auto")
    shop.plan("program", PROGRAM)

    told = shop.door("run", "program", "--json")

    assert told.json["landed"], told.err
    assert [gate["passed"] for gate in told.json["goal"]] == [True, True, True, True]
    record = json.loads(shop.git("show", "refs/loopwright/runs/1:record.json"))
    archived = shop.git("show", "refs/loopwright/runs/1:plan.md") + "\n"
    assert record["plan_hash"] == hashlib.sha256(archived.encode()).hexdigest()


def test_a_benchmark_past_its_bound_is_not_met(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("program", PROGRAM.replace("<= 500", "<= 20"))

    told = shop.door("run", "program", "--json")

    assert (told.code, told.json["outcome"]) == (1, "not-met")
    assert "expected <= 20" in shop.page(1)


# ---------------------------------------------------------------- the record


def test_the_record_holds_what_a_run_cost_and_said(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix")
    shop.door("run", "fix")

    record = json.loads(shop.git("show", "refs/loopwright/runs/1:record.json"))
    files = shop.git("ls-tree", "-r", "--name-only", "refs/loopwright/runs/1").splitlines()

    assert record["roles"]["maker"]["tools"] == {"write_file": 1}
    assert record["roles"]["maker"]["usage"]["output"] > 0
    assert record["diff"] == {"files": 1, "added": 1, "removed": 1}
    assert set(record["phases"]) == {"work", "verify", "land"}
    assert record["usd"] > 0
    assert {"plan.md", "journal.jsonl", "report.md", "transcripts/1-1-maker.jsonl"} <= set(files)
    assert shop.git("show", "refs/loopwright/runs/1:report.md") == shop.page(1).strip()
    assert "wiki/90_LOG" in record["page"]


def test_the_index_of_plans_is_kept_equal_to_the_files(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.write("plans/README.md", "# Plans\n")
    shop.commit("an index")
    shop.plan("fix")
    shop.door("run", "fix")

    index = shop.read("plans/README.md")

    assert "fix" in index
    assert "done" in index
    assert shop.git("status", "--porcelain") == ""


def test_a_lab_and_a_backend_of_ones_own_are_found_by_module_and_object(scripted: Scripted) -> None:
    shop = scripted([*judges()])
    shop.write("agents/LOOPS.md", LOOPS.replace("lab: clone", "lab: loopwright.labs.worktree:open_lab"))
    role = "---\nname: maker\ndescription: d\nbackend: loopwright.backends.command:Command\ncommand: {}\n---\n"
    shop.write("agents/maker.md", role.format("sed -i 's/percent$/percent \\/ 100/' src/pricing.py"))
    shop.commit("our own")
    shop.plan("fix")

    told = shop.door("run", "fix", "--json")

    assert told.json["landed"], told.err
    assert shop.read("src/pricing.py") == GOOD


def test_a_plan_with_crlf_that_git_did_not_know_is_adopted_byte_for_byte_but_for_its_status(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    text = PLAN.lstrip().replace("\n", "\r\n")
    (shop.path / "plans").mkdir()
    (shop.path / "plans/fix.md").write_bytes(text.encode())

    assert shop.door("run", "fix", "--json").json["landed"]

    now = (shop.path / "plans/fix.md").read_bytes().decode()
    assert "\n" not in now.replace("\r\n", "")
    assert next(line for line in now.split("\r\n") if line not in text.split("\r\n")) == "status: done"
    assert shop.git("status", "--porcelain") == ""
