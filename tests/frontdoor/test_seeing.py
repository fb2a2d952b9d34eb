"""The commands that show and set up: in words for people, and as JSON that its schema vouches for."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from loopwright import workshop
from loopwright.cli import COMMANDS
from loopwright.contracts.schemas import validate
from loopwright.testing.endpoint import scripted_endpoint
from loopwright.testing.frontdoor import FrontDoor

from .conftest import GOOD, KEY, PLAN, PRICING, Scripted, Shop, good_maker, judges, maker, settled, small_plan, write


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with a landed run that took two attempts, one in review, and plans that wait. To be copied."""
    place = tmp_path_factory.mktemp("lived")
    shop = settled(place)
    wrong = PRICING.replace("return sum(prices)", "return 0")
    script = (
        maker(write("made/2.txt", "2\n"), when="# Write file 2."),
        maker(write("src/pricing.py", wrong), unless="refused attempt 1"),
        maker(write("src/pricing.py", GOOD), when="refused attempt 1"),
        *judges(),
    )
    shop.plan("fix")
    with scripted_endpoint(script, key=KEY) as endpoint:
        env = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": endpoint.url}
        assert shop.door("run", "fix", env=env).code == 0
        shop.plan("mine", small_plan(2, merge="human"))
        assert shop.door("run", "mine", env=env).code == 0
    shop.plan("later", small_plan(3, depends_on="[mine, ghost]"))
    shop.plan("next", small_plan(4, priority="P1"))
    return place


@pytest.fixture
def told(lived: Path, tmp_path: Path) -> Shop:
    """A copy of that shop, with a key, and no model behind it: what is shown costs nothing."""
    for part in ("home", "shop"):
        shutil.copytree(lived / part, tmp_path / part, symlinks=True)
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), "LANG": "C.UTF-8", "ANTHROPIC_API_KEY": KEY}
    return Shop(tmp_path / "shop", FrontDoor(tmp_path / "shop", env))


FACTS = {
    "status": ("status",),
    "runs": ("runs",),
    "show": ("show", "1"),
    "log": ("log",),
    "doctor": ("doctor",),
    "findings": ("check",),
    "fsck": ("fsck",),
    "init": ("init",),
    "new": ("new", "Prices are never negative"),
    "run-result": ("run", "fix"),
    "stop": ("stop", "1"),
    "watch": ("watch", "--once"),
}


@pytest.mark.parametrize("schema", FACTS)
def test_what_a_command_prints_as_json_fits_its_schema(told: Shop, schema: str) -> None:
    (told.path / "plans/next.md").unlink()

    seen = told.door(*FACTS[schema], "--json")

    assert seen.code == 0, seen.err
    validate(schema, seen.json)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_tells_its_usage(shop: Shop, command: str) -> None:
    seen = shop.door(command, "--help")

    assert (seen.code, seen.err) == (0, "")
    assert seen.out.startswith(f"usage: loopwright {command}")
    assert f"  {command} " in shop.door("--help").out


# ---------------------------------------------------------------- status, runs, show, log


def test_status_names_what_each_plan_waits_for(told: Shop) -> None:
    line = told.door("status", "--json").json

    plans = {plan["name"]: plan for plan in line["plans"]}
    assert plans["later"]["waits_for"] == ["mine", "ghost"]
    assert {name: (plan["status"], plan["run"]) for name, plan in plans.items()} == {
        "fix": ("done", 1),
        "mine": ("review", 2),
        "later": ("ready", None),
        "next": ("ready", None),
    }
    assert (line["line"], line["queue"], line["runs"]) == ("running", ["next"], [])
    words = told.door("status").out.splitlines()
    assert "mine, ghost" in next(row for row in words if row.startswith("later"))
    assert "`loopwright land 2` or `loopwright reject 2`" in next(row for row in words if row.startswith("mine"))


def test_status_tells_a_held_landing_and_what_holds_it(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.write("src/pricing.py", PRICING + "# mine\n")
    shop.plan("fix")
    shop.door("run", "fix")

    (plan,) = shop.door("status", "--json").json["plans"]

    assert "src/pricing.py" in plan["held"]
    assert "src/pricing.py" in shop.door("status").out


def test_status_tells_an_interrupted_run_and_how_it_goes_on(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix")
    shop.door("run", "fix", crash="chunk:checked")

    (run,) = shop.door("status", "--json").json["runs"]

    assert (run["run"], run["plan"], run["alive"]) == (1, "fix", False)
    assert "`loopwright resume 1`" in shop.door("status").out
    assert shop.door("show", "1").code == 2
    assert "`loopwright resume 1` goes on with it" in shop.door("show", "1").err


def test_status_tells_a_plan_that_says_running_though_no_run_has_it(shop: Shop) -> None:
    shop.plan("copied", "---\npriority: P1\nstatus: running\n---\n# Copied\n## Goal\n- `true`\n")

    seen = shop.door("status").out

    assert "plans/copied.md:3: says `running`, but no run has this plan" in seen
    assert "mend: set `status: ready`" in seen


def test_status_tells_files_that_do_not_read_and_an_open_lab(told: Shop) -> None:
    told.plan("broken", "# No goal\n")
    told.write("agents/LOOPS.md", told.read("agents/LOOPS.md").replace("lab: clone", "lab: auto"))

    seen = told.door("status")

    assert "plans/broken.md:1: there is no goal" in seen.out
    assert ("lab: clone (no sandbox here" in seen.out) == bool(workshop.lacking("sandbox"))


def test_status_of_an_empty_repository_says_where_to_begin(shop: Shop) -> None:
    assert "loopwright new" in shop.door("status").out


def test_runs_are_listed_with_the_newest_first(told: Shop) -> None:
    rows = told.door("runs", "--json").json["runs"]

    assert [(row["run"], row["plan"], row["status"], row["landed"]) for row in rows] == [
        (2, "mine", "review", False),
        (1, "fix", "done", True),
    ]
    assert rows[1]["commit"] == told.git("rev-parse", "gen-1")
    assert all(row["usd"] > 0 and row["seconds"] > 0 for row in rows)
    words = [line.split() for line in told.door("runs").out.splitlines()]
    assert words[0][:4] == ["run", "plan", "outcome", "status"]
    assert [line[:4] for line in words[1:]] == [["2", "mine", "met", "review"], ["1", "fix", "met", "done"]]


def test_show_has_timeline_diff_stat_verdicts_and_costs(told: Shop) -> None:
    run = told.door("show", "1", "--json").json

    steps = [row["what"] for row in run["timeline"]]
    assert steps[0] == "claimed"
    assert steps[-1] == "closed: done"
    assert [row["passed"] for row in run["timeline"] if row["what"].startswith("attempt")] == [False, True]
    assert [row["passed"] for row in run["timeline"] if row["what"].startswith("gates")] == [False, True, True]
    assert [row["at"] for row in run["timeline"]] == sorted(row["at"] for row in run["timeline"])
    assert run["diff_stat"].splitlines()[-1] == " 1 file changed, 1 insertion(+), 1 deletion(-)"
    refused, passed = run["attempts"]
    assert [v["reason"] for v in refused["verdicts"] if not v["passed"]] == ["test-failure"]
    assert refused["verdicts"][-1]["failures"][0]["line"] == 14
    assert [v["check"] for v in passed["verdicts"]][-1] == "checker"
    assert set(run["roles"]) == {"maker", "checker", "goal-checker", "reviewer"}
    assert run["usd"] == pytest.approx(sum(role["usage"]["usd"] for role in run["roles"].values()), abs=1e-5)


def test_show_in_words_says_the_same(told: Shop) -> None:
    seen = told.door("show", "1").out

    for words in (
        "gen-1  A discount is a percentage",
        "attempt chunk 1 attempt 1  refused",
        "chunk 1, attempt 1: refused\n  python3 -m unittest discover -s tests said no: test_pricing.PricingTest.",
        "gates: passed python3 -m unittest discover -s tests (exit 0)",
        "goal: passed goal-checker\n",
        "review: approved",
        "src/pricing.py | 2 +-",
        "page: wiki/90_LOG/",
    ):
        assert words in seen
    (row,) = [line.split() for line in seen.splitlines() if line.startswith("maker ")]
    assert row[1].startswith("claude-")
    assert row[2:5] == ["2", "4", "2"]
    assert row[5].startswith("$0.")


def test_what_nobody_measured_is_unknown_and_not_nothing(shop: Shop) -> None:
    program = "echo 1 > one.txt"
    shop.write("agents/maker.md", f'---\nname: maker\nbackend: command\ncommand: "{program}"\n---\n')
    for judge in ("checker", "goal-checker", "reviewer"):
        shop.write(f"agents/{judge}.md", f"---\nname: {judge}\nbackend: none\n---\n")
    shop.commit("roles")
    shop.plan("one", "---\nmerge: auto\n---\n# One\n## Goal\n- file `one.txt` exists\n")

    result = shop.door("run", "one", "--json").json

    assert (result["landed"], result["usd"], result["unpriced"]) == (True, None, "a command reports no tokens")
    assert shop.door("show", "1", "--json").json["usd"] is None
    assert "cost unknown: a command reports no tokens" in shop.door("show", "1").out
    assert "  tokens and cost unknown (a command reports no tokens), " in shop.door("run", "one").out
    assert "| tokens |" not in shop.page(1)
    assert "unknown" in shop.door("runs").out
    assert "checker left out" in shop.page(1)


def test_the_log_is_the_timeline_of_what_happened(told: Shop) -> None:
    told.door("land", "2")

    rows = told.door("log", "--json").json["log"]

    assert [(row["verb"], row["title"]) for row in rows] == [
        ("landed", "A discount is a percentage (gen-1)"),
        ("review", "Write file 2. (gen-2)"),
        ("landed", "Write file 2. (gen-2)"),
    ]
    assert told.door("log").out.count("landed") == 2


# ---------------------------------------------------------------- init, doctor, check, new


@pytest.fixture
def fresh(shop: Shop) -> Shop:
    """The shop before anybody set up anything in it."""
    shop.git("rm", "-rq", "agents")
    shop.git("commit", "-qm", "nothing of ours")
    return shop


def files(shop: Shop) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in shop.path.rglob("*") if path.is_file() and ".git" not in path.parts}


def test_init_twice_overwrites_nothing(fresh: Shop) -> None:
    fresh.write("AGENTS.md", "my own words\n")
    fresh.write("agents/maker.md", "my own maker\n")
    before = files(fresh)

    first = fresh.door("init", "--json").json
    between = files(fresh)
    second = fresh.door("init", "--json").json

    assert {"AGENTS.md", "agents/maker.md"} <= set(first["kept"])
    assert {"agents/LOOPS.md", "plans/TEMPLATE.md", "skills/tdd/SKILL.md", "wiki/index.md"} <= set(first["written"])
    assert {path: between[path] for path in before} == before
    assert second["written"] == []
    assert files(fresh) == between
    assert fresh.git("log", "-1", "--format=%s") == "nothing of ours"


def test_what_init_wrote_has_no_findings_and_knows_the_tests(fresh: Shop) -> None:
    fresh.door("init")
    fresh.commit("loopwright")

    seen = fresh.door("check", "--json")

    assert (seen.code, seen.json["findings"]) == (0, [])
    assert seen.json["files"] > 20
    assert 'checks: ["python3 -m unittest discover -s tests"]' in fresh.read("agents/LOOPS.md")
    assert "mainline: main" in fresh.read("agents/LOOPS.md")


def test_a_plan_runs_in_what_init_wrote(fresh: Shop, scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.door("init")
    shop.commit("loopwright")
    shop.plan("fix")

    result = shop.door("run", "fix", "--json").json

    assert result["landed"], result
    assert ("lab: clone (no sandbox here" in " ".join(result["notes"])) == bool(workshop.lacking("sandbox"))
    assert shop.door("check", "--json").json["findings"] == []


def test_check_reports_each_file_with_line_and_mend(told: Shop) -> None:
    told.plan("broken", "---\nstatus: soon\n---\n# No goal\n")

    seen = told.door("check", "--json")

    assert seen.code == 1
    found = {
        (row["path"], row["line"], row["rule"]): row for row in seen.json["findings"] if row["severity"] == "error"
    }
    assert set(found) == {("plans/broken.md", 2, "front-matter"), ("plans/broken.md", 4, "goal")}
    assert all(row["mend"] for row in found.values())
    words = told.door("check", "plans/broken.md")
    assert words.code == 1
    assert "plans/broken.md:2: error: status" in words.out
    assert told.door("check", "plans/fix.md").code == 0


def test_check_finds_a_named_file_from_wherever_one_stands(told: Shop, tmp_path: Path) -> None:
    told.plan("broken", "---\nstatus: soon\n---\n# No goal\n\nSkill: tdd\n")
    told.write("skills/tdd/SKILL.md", "---\nname: tdd\ndescription: d\n---\n")
    inside, outside = FrontDoor(told.path / "src", told.door.env), FrontDoor(tmp_path, told.door.env)
    full = str(told.path / "plans/broken.md")

    for door, path in ((inside, "../plans/broken.md"), (inside, full), (told.door, full), (outside, full)):
        seen = door("check", "--json", path).json
        assert seen["files"] == 1
        rules = {(row["path"], row["rule"]) for row in seen["findings"]}
        assert rules == {(os.path.relpath(full, door.where), rule) for rule in ("front-matter", "goal")}
    assert inside("check", "..").code == 1
    assert "there is no such file" in inside("check", "plans/broken.md").out


def test_check_works_outside_of_a_repository(shop: Shop, tmp_path: Path) -> None:
    place = tmp_path / "elsewhere"
    place.mkdir()
    (place / "idea.md").write_text("# An idea\n## Goal\n")

    seen = shop.door("-C", str(place), "check", "idea.md", "--json")

    assert (seen.code, [row["path"] for row in seen.json["findings"]]) == (1, ["idea.md"])


def test_new_writes_a_draft_that_is_not_run_and_never_over_another(told: Shop) -> None:
    made = told.door("new", "Prices: never < 0, & [never] NaN", "--json").json

    assert made["path"].endswith("-prices-never-0-never-nan.md")
    text = told.read(made["path"])
    assert "# Prices: never < 0, & [never] NaN\n" in text
    assert "status: draft" in text
    assert made["plan"] not in told.door("status", "--json").json["queue"]
    again = told.door("new", "Prices: never < 0, & [never] NaN")
    assert (again.code, told.read(made["path"])) == (2, text)
    assert "is there already" in again.err
    assert told.door("new", "  ").code == 2


def test_doctor_says_what_is_missing_and_how_to_mend_it(shop: Shop) -> None:
    shop.write("agents/checker.md", "---\nname: checker\nbackend: wizard\n---\n")

    seen = shop.door("doctor", "--json")

    parts = {row["part"]: row for row in seen.json["parts"]}
    assert (seen.code, seen.json["ready"]) == (1, False)
    assert (parts["maker"]["ok"], "ANTHROPIC_API_KEY" in parts["maker"]["mend"]) == (False, True)
    assert (parts["checker"]["ok"], "wizard" in parts["checker"]["told"]) == (False, True)
    assert parts["git"]["ok"]
    assert "MISSING" in shop.door("doctor").out


def test_doctor_says_when_git_would_commit_the_keys(shop: Shop) -> None:
    shop.write(".env", f"ANTHROPIC_API_KEY={KEY}\n")
    told = shop.door("doctor")
    assert told.code == 1
    assert ".env: git doesn't ignore it" in told.out
    assert "echo .env >> .gitignore" in told.out
    assert KEY not in told.out

    shop.write(".gitignore", ".env\n")

    assert "git doesn't ignore it" not in shop.door("doctor").out


def test_doctor_says_once_how_to_mend_what_several_roles_lack(fresh: Shop) -> None:
    fresh.door("init")

    told = fresh.door("doctor").out

    assert (told.count("MISSING"), told.count("mend: set ANTHROPIC_API_KEY")) == (4, 1)


def test_doctor_reads_a_broken_configuration_out_loud(shop: Shop) -> None:
    shop.write("agents/LOOPS.md", "---\nmerge: perhaps\n---\n")

    seen = shop.door("doctor", "--json")

    (row,) = [row for row in seen.json["parts"] if row["part"] == "configuration"]
    assert (seen.code, row["ok"]) == (1, False)
    assert "agents/LOOPS.md:2: merge" in row["told"]


def test_doctor_is_content_with_a_whole_set_up(told: Shop) -> None:
    seen = told.door("doctor", "--json")

    assert (seen.code, seen.json["ready"]) == (0, True)


def test_doctor_names_what_a_note_is_about(fresh: Shop) -> None:
    parts = {row["part"]: row["told"] for row in fresh.door("doctor", "--json").json["parts"]}

    assert parts["checks"].startswith("none for every plan")


def test_doctor_prints_what_each_kind_of_lab_keeps_and_has_tried_it(told: Shop) -> None:
    labs = {lab["kind"]: lab for lab in told.door("doctor", "--json").json["labs"]}

    assert list(labs) == list(workshop.ISOLATION)
    for kind, lab in labs.items():
        assert lab["available"] == (not workshop.lacking(kind))
        tried = {name: cell for name, cell in lab["guarantees"].items() if cell["held"] is not None}
        assert not lab["available"] or all(cell["held"] for cell in tried.values() if cell["promised"]), kind
        assert not lab["available"] or {*lab["guarantees"]} - {*tried} == {"killed"}, kind
    lines = told.door("doctor").out.splitlines()
    (reads,) = (line for line in lines if "nothing in it can read your files" in line)
    (killed,) = (line for line in lines if "when loopwright is killed" in line)
    walled = not (workshop.lacking("sandbox") and workshop.lacking("container"))
    assert (reads.split()[-1], killed.split()[-1]) == (("yes", "promised") if walled else ("no", "no"))


# ---------------------------------------------------------------- progress


def test_progress_tells_chunk_role_tool_time_and_cost(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix", PLAN)

    seen = shop.door("run", "fix", "--progress")

    for words in ("chunk 1 of 1: Divide by a hundred", "maker begins", "write_file src/pricing.py", "checker begins"):
        assert words in seen.err
    assert "landed as" in seen.err.splitlines()[-1] or "Landed" in seen.err.splitlines()[-1]
    assert "$0.0" in seen.err
    assert all(line.lstrip()[0].isdigit() for line in seen.err.splitlines())
    assert "\033" not in seen.err + seen.out


def test_into_a_pipe_there_is_no_progress_and_the_result_alone_on_stdout(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix", PLAN)

    seen = shop.door("run", "fix")

    assert seen.err == ""
    assert seen.out.splitlines()[0].startswith("gen-1 fix: landed as ")
    assert "page: wiki/90_LOG/" in seen.out
