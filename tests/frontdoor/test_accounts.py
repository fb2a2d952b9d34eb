"""What a run has spent and how long it worked: told in full also when it stands still, and held to its ceilings."""

from __future__ import annotations

from loopwright.loops.desk import seconds_at_work
from loopwright.testing.script import Call, Fault, Say, Session, Turn

from .conftest import GOOD, PLAN, Scripted, bash, good_maker, judges, maker, verdict, write
from .test_running_plans import loops

AWAY = [Fault("overloaded")]
AT_ONCE = {"LOOPWRIGHT_RETRY_SECONDS": "0"}
UNKNOWN = "---\nname: checker\ndescription: d\nmodel: claude-next-9\n---\nJudge.\n"


def test_what_a_paused_session_has_cost_is_told_at_once_and_counted_once(scripted: Scripted) -> None:
    half = [Turn(Call("write_file", path="src/pricing.py", content=GOOD)), Turn(Say("Done."), faults=AWAY)]
    shop = scripted([Session(role="maker", turns=half), *judges()])
    shop.plan("fix")

    paused = shop.door("run", "fix", "--json", env=AT_ONCE).json

    assert paused["outcome"] == "paused"
    assert paused["tokens"]["output"] > 0
    assert paused["usd"] > 0
    assert shop.record(1)["tokens"] == paused["tokens"]
    ended = shop.door("resume", "1", "--json").json
    roles = [row["usage"] for row in shop.record(1)["roles"].values()]
    assert ended["tokens"]["output"] == sum(usage["output"] for usage in roles)
    assert ended["usd"] > paused["usd"]


def test_a_rejected_run_keeps_the_cost_of_the_session_that_was_cut_off(scripted: Scripted) -> None:
    half = [bash("true"), Turn(Say("Done."), faults=AWAY)]
    shop = scripted([Session(role="maker", turns=half), *judges()])
    shop.plan("fix")
    paused = shop.door("run", "fix", "--json", env=AT_ONCE).json

    rejected = shop.door("reject", "1", "--json").json

    assert rejected["tokens"] == paused["tokens"]
    assert rejected["tokens"]["input"] + rejected["tokens"]["cache_write"] > 0


def test_a_paused_run_tells_the_attempts_that_it_has_made(scripted: Scripted) -> None:
    checker, goal, _ = judges()
    away = Session(role="reviewer", turns=[Turn(*verdict("approve").parts, faults=AWAY)])
    shop = scripted([good_maker(), checker, goal, away])
    shop.plan("fix")

    paused = shop.door("run", "fix", "--json", env=AT_ONCE).json

    assert paused["outcome"] == "paused"
    assert paused["chunks"] == [{"number": 1, "title": "Divide by a hundred", "attempts": 1, "passed": True}]
    assert "attempt 1: passed" in shop.git("show", "refs/loopwright/runs/1:report.md")


def test_a_role_without_a_price_does_not_make_the_others_free(scripted: Scripted) -> None:
    more = maker(bash("echo 'MORE = 1' >> src/pricing.py"))
    no = Session(role="checker", turns=[verdict("reject", "src/pricing.py:1: not this")], repeat=True)
    shop = scripted([more, no, *judges()[1:]])
    shop.write("agents/checker.md", UNKNOWN)
    loops(shop, loops="{execution: {attempts-per-chunk: 12}}")
    shop.plan("fix", PLAN.replace("merge: auto", "merge: auto\nbudget: {usd: 0.06}"))

    told = shop.door("run", "fix", "--json")

    assert (told.code, told.json["usd"]) == (3, None)
    assert told.json["stop"] == {"reason": "budget", "detail": "the run's budget is spent (dollars)", "chunk": 1}


def test_a_dollar_ceiling_that_does_not_bind_is_said(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.write("agents/checker.md", UNKNOWN)
    loops(shop, budget="{usd-per-run: 3}")
    shop.plan("fix")

    told = shop.door("run", "fix", "--json").json

    (note,) = told["notes"]
    assert note.startswith("the ceiling of $3 doesn't bind the checker: no price is known for the model claude-next-9")
    assert note in shop.page(1)


def test_the_time_that_a_run_stands_still_is_no_time_at_work() -> None:
    def fact(kind: str, clock: str) -> dict[str, str]:
        return {"kind": kind, "at": f"2026-11-21T{clock}+00:00"}

    night = [fact("claimed", "08:00:00"), fact("interrupted", "08:10:00"), fact("resumed", "20:00:00")]

    assert seconds_at_work(night, night[0]["at"], fact("", "20:05:00")["at"]) == 15 * 60
    assert seconds_at_work(night, fact("", "12:00:00")["at"], fact("", "20:05:00")["at"]) == 5 * 60
    assert seconds_at_work(night[:2], night[0]["at"], night[1]["at"]) == 10 * 60


def test_what_the_checker_said_reaches_the_maker_also_past_an_attempt_that_nobody_looked_at(scripted: Scripted) -> None:
    idle = maker(when="not for me", unless="no-changes refused")
    mending = maker(write("src/pricing.py", GOOD), when=("not for me", "no-changes refused"))
    first = maker(write("src/pricing.py", GOOD.replace("/ 100", "* 0.01")), unless="not for me")
    no = Session(role="checker", turns=[verdict("reject", "src/pricing.py:2: not for me")], when="0.01")
    shop = scripted([idle, mending, first, no, *judges()])
    shop.plan("fix")

    told = shop.door("run", "fix", "--json").json

    assert (told["landed"], told["chunks"][0]["attempts"]) == (True, 3)


def test_a_stop_names_each_who_refused_the_last_attempt(scripted: Scripted) -> None:
    shop = scripted([maker(bash("ln -sf /etc/passwd src/out")), *judges()])
    shop.plan("fix")

    stop = shop.door("run", "fix", "--json").json["stop"]

    assert "at last no-changes, hazards (escaping-symlink)" in stop["detail"]


def test_a_maker_that_came_to_no_end_is_told_what_ended_it(scripted: Scripted) -> None:
    shop = scripted([maker(*(bash(f"echo {i} >> src/more.py") for i in range(3))), *judges()])
    shop.plan("fix")

    shop.door("run", "fix", "--json", env={"LOOPWRIGHT_MAX_ITERATIONS": "2"})

    asked = shop.model.asked("maker")[2].body["messages"][0]["content"][0]["text"]
    assert "it ended after 2 turns without being done (max-turns)" in asked


def test_the_environments_ceilings_go_before_those_of_loops_and_the_built_in_roles(scripted: Scripted) -> None:
    shop = scripted([maker(*(bash(f"echo {i} >> src/more.py") for i in range(30))), *judges()])
    loops(shop, budget="{tokens: 900000}", loops="{execution: {attempts-per-chunk: 1}}")
    shop.plan("turns")
    shop.plan("tokens")

    turns = shop.door("run", "turns", "--json", env={"LOOPWRIGHT_MAX_ITERATIONS": "3"}).json
    tokens = shop.door("run", "tokens", "--json", env={"LOOPWRIGHT_TOKEN_BUDGET": "4000"}).json

    assert "maker (max-turns)" in turns["stop"]["detail"]
    assert shop.record(1)["roles"]["maker"]["turns"] == 3
    assert tokens["stop"]["reason"] == "budget"


def test_a_role_file_goes_before_the_environment(scripted: Scripted) -> None:
    shop = scripted([maker(*(bash(f"echo {i} >> src/more.py") for i in range(30))), *judges()])
    shop.write("agents/maker.md", "---\nname: maker\ndescription: d\nmax-turns: 2\n---\nMake.\n")
    loops(shop, loops="{execution: {attempts-per-chunk: 1}}")
    shop.plan("fix")

    shop.door("run", "fix", "--json", env={"LOOPWRIGHT_MAX_ITERATIONS": "5"})

    assert shop.record(1)["roles"]["maker"]["turns"] == 2
