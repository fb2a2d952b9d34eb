"""A maker that brings nothing new for ten minutes is ended, exactly then, however much it says and does."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from loopwright import workshop
from loopwright.journal import hub as hubs
from loopwright.loops import pausing, starting
from loopwright.testing.clock import FakeClock
from loopwright.testing.frontdoor import until
from loopwright.testing.script import Call, Fault, Script, Session, Turn
from loopwright.vocabulary import Event

from .conftest import CHECK, GOOD, PLAN, PRICING, Scripted, Shop, bash, good_maker, judges, maker, write
from .incidents import incidents

LONG = {"LOOPWRIGHT_LAB_TIMEOUT_MS": "36000000"}
"""A session may take ten hours: what ends it here is the breaker."""


@dataclass
class Hours:
    """Runs a plan by a clock that goes on at each tool call, by so many seconds as are next in the list."""

    shop: Shop
    steps: Sequence[float]
    clock: FakeClock = field(default_factory=FakeClock)
    told: Callable[[Event], None] = lambda event: None

    def run(self, **env: str) -> dict[str, Any]:
        hub = hubs.find(self.shop.path)
        steps = iter(self.steps)

        def tell(event: Event) -> None:
            if event.kind == "tool":
                self.clock.advance(next(steps, 0.0))
            self.told(event)

        configured = workshop.configuration(hub)
        shop = workshop.assemble(hub, {**self.shop.door.env, **env}, configured, clock=self.clock, tell=tell)
        with starting.desk_for(hub, shop, "fix") as desk:
            assert not isinstance(desk, starting.Finished)
            return pausing.carry_out(desk)


@pytest.fixture(autouse=True)
def _labs_of_the_shop(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", shop.door.env["HOME"])
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)


def hours(scripted: Scripted, steps: Sequence[float], *turns: Turn) -> Hours:
    shop = scripted([maker(*turns), *judges()])
    shop.write(".gitignore", "*.log\n")
    shop.commit("ignored")
    shop.plan("fix")
    return Hours(shop, steps)


def test_nothing_new_for_ten_minutes_ends_the_session_and_stops_the_plan(scripted: Scripted) -> None:
    made = write("src/half.py", "half = 1\n")
    day = hours(scripted, [5.0, 599.9, 0.1], made, bash("echo still thinking"), bash("ls"), bash("ls"), bash("ls"))

    result = day.run(**LONG)

    assert len(day.shop.model.asked("maker")) == 3  # at 9:59.9 it was asked once more, at 10:00.0 it wasn't
    assert (result["outcome"], result["stop"]["reason"], result["stop"]["chunk"]) == ("stopped", "no-progress", 1)
    assert result["stop"]["detail"].startswith("chunk 1, attempt 1: nothing new for 10 minutes")
    assert day.shop.git("show", "refs/loopwright/attempts/1/1/1:src/half.py") == "half = 1"
    assert day.shop.record(1)["attempts"][0]["ended"] == "no-progress"
    assert ("maker", "no-progress") in day.shop.refusals(1)
    assert "status: stopped" in day.shop.read("plans/fix.md")
    (row,) = incidents(day.shop)
    assert (row["kind"], row["scope"], row["level"], row["category"]) == ("no-progress", "plan", 2, "timeout")


def test_the_threshold_is_that_of_loops(scripted: Scripted) -> None:
    shop = scripted([maker(*[bash("ls")] * 5), *judges()])
    shop.configure("breakers: {no-progress-minutes: 0.5}")
    shop.plan("fix")

    result = Hours(shop, [29.9, 0.1]).run(**LONG)

    assert "nothing new for 0.5 minutes" in result["stop"]["detail"]
    assert len(shop.model.asked("maker")) == 2


UNITTEST, COMMIT = bash(CHECK), bash("git add -A; git commit -qm a")
RANDOM = "$(date +%s%N)"

NOTHING_NEW = {
    "output": [bash("yes | head -100000")],
    "touched": [bash("touch src/pricing.py")],
    "the same bytes": [bash("cat src/pricing.py > ~/x; mv ~/x src/pricing.py"), bash("ls")],
    "the same bytes by a tool": [write("src/pricing.py", PRICING.lstrip())],
    "ignored": [bash(f"echo {RANDOM} > src/more.log")],
    "scratch": [bash(f"echo {RANDOM} > ~/note; echo {RANDOM} > $TMPDIR/note")],
    "outside of the scope": [bash(f"echo {RANDOM} > notes.txt")],
    "protected": [bash(f"mkdir -p agents; echo {RANDOM} > agents/notes.md")],
    "empty commits": [bash(f"git commit -q --allow-empty -m {RANDOM}")],
    "reading": [Turn(Call("read_file", path="src/pricing.py"))],
    "malformed": [Turn(Call("write_file", path="src/x.py"))],
}


@pytest.mark.parametrize("turns", NOTHING_NEW.values(), ids=NOTHING_NEW)
def test_what_brings_nothing_new_does_not_move_the_clock_back(scripted: Scripted, turns: list[Turn]) -> None:
    day = hours(scripted, [200.0] * 20, *(turns * 10)[:10])

    result = day.run(**LONG)

    assert (result["stop"]["reason"], len(day.shop.model.asked("maker"))) == ("no-progress", 3)


def put(text: str) -> Turn:
    """A content that is there at once: on a busy machine a file may be empty for long before it is written."""
    return bash(f"echo {text} > ~/x; mv ~/x src/f")


NEW = {
    "a file, and then back and forth between two states": (
        [put("a"), put("b")] * 5,
        5,
    ),
    "a deletion, once": ([bash("mv src/pricing.py ~/x"), bash("mv ~/x src/pricing.py"), *[bash("ls")] * 8], 4),
    "a commit of what was there": ([bash("echo a > src/f"), bash("ls"), COMMIT, *[bash("ls")] * 7], 6),
    "the first run of the tests": ([bash("ls"), UNITTEST, *[UNITTEST] * 8], 5),
    "tests that fail otherwise": ([UNITTEST, bash("echo 'x = ' > src/pricing.py"), UNITTEST, *[UNITTEST] * 7], 6),
    "an ever new state": ([bash(f"echo {n} > src/f") for n in range(10)], 11),
}  # fmt: skip


@pytest.mark.parametrize(("turns", "requests"), NEW.values(), ids=NEW)
def test_what_was_never_there_before_moves_the_clock_back(scripted: Scripted, turns: list[Turn], requests: int) -> None:
    day = hours(scripted, [200.0] * 20, *turns)

    day.run(**LONG)

    asked = [request for request in day.shop.model.asked("maker") if "refused attempt" not in str(request.body)]
    assert len(asked) == requests


def test_attempts_that_time_out_one_after_the_other_are_one_standstill(scripted: Scripted) -> None:
    day = hours(scripted, [300.0, 299.9, 0.1], *[bash("ls")] * 9)

    result = day.run()  # each session has 300 s

    assert [attempt["ended"] for attempt in day.shop.record(1)["attempts"]] == ["time", "no-progress"]
    assert (result["stop"]["reason"], len(day.shop.model.asked("maker"))) == ("no-progress", 3)


def test_a_chunk_that_passed_is_progress_and_the_next_one_has_its_ten_minutes(scripted: Scripted) -> None:
    first, second = (maker(*turns, when=f"Chunk {n} of 2") for n, turns in enumerate(([write("src/pricing.py", GOOD), bash("ls")], [bash("ls"), write("src/more.py", "x = 1\n")]), 1))  # fmt: skip # noqa: E501
    shop = scripted([first, second, *judges()])
    shop.plan("fix")
    plan = shop.read("plans/fix.md")
    shop.write("plans/fix.md", plan.replace("## Goal", "### 2. More\nWrite src/more.py.\n\n## Goal"))

    result = Hours(shop, [5.0, 599.0, 599.0, 0.0]).run(**LONG)

    assert result["outcome"] == "met"


def test_judges_are_not_held_to_it(scripted: Scripted) -> None:
    look = Session(role="checker", turns=[bash("ls"), *judges()[0].turns])
    shop = scripted([good_maker(), look, *judges()[1:]])
    shop.plan("fix")

    assert Hours(shop, [1.0, 5000.0]).run(**LONG)["outcome"] == "met"


def test_a_model_that_is_away_for_an_hour_is_no_standstill_of_the_maker(scripted: Scripted) -> None:
    away = Turn(*bash("ls").parts, faults=[Fault("rate-limit", retry_after=3600)])
    day = hours(scripted, [5.0, 590.0, 0.0], bash("ls"), away, write("src/pricing.py", GOOD))

    assert day.run(**LONG, LOOPWRIGHT_RETRY_SECONDS="9000")["landed"]
    assert day.clock.seconds > 3600


def test_the_standstill_of_earlier_sessions_counts_after_a_restart(scripted: Scripted) -> None:
    day = hours(scripted, [300.0, 299.9, 0.1], *[bash("ls")] * 9)
    first = [Turn(*bash("ls").parts), Turn(Call("bash", command="ls"), faults=[Fault("overloaded", times=9)])]
    shop = day.shop
    shop.model.script = Script([maker(*first, when="refused attempt 1"), maker(*[bash("ls")] * 9), *judges()])

    assert day.run(LOOPWRIGHT_RETRY_SECONDS="0")["outcome"] == "paused"  # in the second attempt, 300 s being over
    again = Hours(shop, [299.9, 0.1], day.clock)
    shop.model.script = Script([maker(*[bash("ls")] * 9), *judges()])
    result = again.run(**LONG)

    assert result["stop"]["reason"] == "no-progress"
    assert day.clock.seconds == pytest.approx(300 + 299.9 + 300)  # the session that was cut off begins anew


# ---------------------------------------------------------------- minutes


def test_a_plans_minutes_stop_it_exactly_when_they_are_over(scripted: Scripted) -> None:
    day = hours(scripted, [299.9, 0.1], *[bash("ls")] * 9)
    text = day.shop.read("plans/fix.md").replace("merge: auto", "merge: auto\nbudget: {minutes: 5}")
    day.shop.write("plans/fix.md", text)

    result = day.run(**LONG)

    assert result["stop"] == {"reason": "budget", "detail": "the plan's 5 minutes are over", "chunk": 1}
    assert len(day.shop.model.asked("maker")) == 2


class Killed(BaseException):
    """What the process of a run doesn't live to see."""


def hurried(scripted: Scripted, steps: Sequence[float], ends: BaseException) -> tuple[Hours, list[float]]:
    """A run with five minutes that `ends` at each second tool call."""
    day = hours(scripted, steps, *[bash("ls")] * 9)
    day.shop.write("plans/fix.md", day.shop.read("plans/fix.md").replace("merge: auto", "budget: {minutes: 5}"))
    over = list[float]()

    def tell(event: Event) -> None:
        if event.kind == "tool":
            over.append(0)
            if len(over) % 2 == 0:
                raise ends

    day.told = tell
    return day, over


def test_minutes_go_on_from_kill_to_kill(scripted: Scripted) -> None:
    day, calls = hurried(scripted, [100, 0], Killed())

    for _ in range(2):
        with pytest.raises(Killed):
            day.run(**LONG)
        day.clock.advance(20)  # who goes on comes a little later
    result = day.run(**LONG)

    assert result["stop"] == {"reason": "budget", "detail": "the plan's 5 minutes are over", "chunk": 1}
    assert len(calls) == 5


def test_a_run_that_a_person_interrupted_keeps_its_minutes_over_night(scripted: Scripted) -> None:
    day, _ = hurried(scripted, [99.9, 0], KeyboardInterrupt())

    outcomes = []
    for _ in range(4):
        outcomes.append(day.run(**LONG)["outcome"])
        day.clock.advance(36_000)

    assert outcomes == ["interrupted"] * 3 + ["stopped"]  # 299.7 seconds were over by the third, and no night


ASKS_TWICE = """
import json, os, time, urllib.error, urllib.request as u
body = {"model": "claude-opus-5-5", "max_tokens": 1000, "messages": [{"role": "user", "content": "Hi"}]}
asked = u.Request(os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages", json.dumps(body).encode())
asked.add_header("x-api-key", os.environ["ANTHROPIC_API_KEY"])
for _ in range(2):
    u.build_opener(u.ProxyHandler({})).open(asked).read()
time.sleep(60)
"""


def test_the_minutes_of_a_program_go_on_where_it_was_interrupted(scripted: Scripted, tmp_path: Path) -> None:
    """Each answer takes 100 seconds of five minutes, and a person interrupts at each second one."""
    (tmp_path / "asks.py").write_text(ASKS_TWICE)
    shop = scripted([*judges(), Session(turns=[bash("ls")], repeat=True)])
    command = f"backend: command\ncommand: {sys.executable} {tmp_path / 'asks.py'}"
    shop.write("agents/maker.md", f"---\nname: maker\ndescription: x\n{command}\n---\nMake.\n")
    shop.commit("a program makes")
    shop.plan("fix", PLAN.replace("merge: auto", "merge: auto\nbudget: {minutes: 5}"))
    day, answers = Hours(shop, []), list[int]()

    def tell(event: Event) -> None:
        if event.facts.get("tool") == "bash":
            answers.append(1)
            day.clock.advance(100)
            if len(answers) % 2 == 0:
                os.kill(os.getpid(), signal.SIGTERM)

    day.told = tell
    outcomes = [day.run(**LONG)["outcome"] for _ in range(2)]

    assert (outcomes, len(answers)) == (["interrupted", "stopped"], 3)


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(days=-400), timedelta(hours=1), timedelta(days=400)])
def test_to_set_the_wall_clock_gives_and_takes_no_minute(scripted: Scripted, jump: timedelta) -> None:
    day = hours(scripted, [299.8, 0.1, 0.1], *[bash("ls")] * 9)
    day.shop.write("plans/fix.md", day.shop.read("plans/fix.md").replace("merge: auto", "budget: {minutes: 5}"))
    calls = list[float]()

    def tell(event: Event) -> None:
        if event.kind == "tool":
            calls.append(0)
            day.clock.start += jump if len(calls) == 1 else timedelta()

    day.told = tell
    result = day.run(**LONG)

    assert result["stop"] == {"reason": "budget", "detail": "the plan's 5 minutes are over", "chunk": 1}
    assert len(calls) == 3


# ---------------------------------------------------------------- one long command


def beats(shop: Shop) -> int:
    found = [place / "home" / "beats" for place in shop.labs if place.name == "gen-1"]
    return len(found[0].read_bytes()) if found and found[0].exists() else 0


def beaten(shop: Shop, more: int = 30) -> None:
    """Wait until the command has gone on for some while: 0.01 s for each beat."""
    start = beats(shop)
    until(lambda: beats(shop) > start + more, what="the command goes on")


BEATING = "while :; do echo streaming; printf . >> ~/beats; sleep 0.01; done"


@dataclass
class Beside:
    """A run beside the test, which moves its clock."""

    day: Hours
    result: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def _work(self) -> None:
        self.result = self.day.run(**LONG)

    def ended(self) -> dict[str, Any]:
        self.thread.join(30)
        assert not self.thread.is_alive(), "it was not ended"
        return self.result


def ten_minutes_of(day: Hours) -> dict[str, Any]:
    """See a command that writes one file at first live until 10:00.0 after that, and no longer."""
    run = Beside(day)
    until(lambda: beats(day.shop), what="the command has begun")
    day.clock.advance(60)
    beaten(day.shop)  # by now its first file was seen
    day.clock.advance(599.9)
    beaten(day.shop)
    assert run.thread.is_alive()
    day.clock.advance(0.1)
    return run.ended()


def test_a_program_that_only_talks_is_ended_and_its_bytes_are_kept(shop: Shop) -> None:
    command = f"echo 'half = 1' > src/half.py; {BEATING}"
    shop.write(
        "agents/maker.md", f'---\nname: maker\ndescription: d\nbackend: command\ncommand: "{command}"\n---\nM.\n'
    )
    for role in ("checker", "goal-checker", "reviewer"):
        shop.write(f"agents/{role}.md", f"---\nname: {role}\ndescription: d\nbackend: none\n---\nJudge.\n")
    shop.commit("roles")
    shop.plan("fix")

    result = ten_minutes_of(Hours(shop, []))

    assert result["stop"]["reason"] == "no-progress"
    assert shop.git("show", "refs/loopwright/attempts/1/1/1:src/half.py") == "half = 1"
    assert shop.labs == []


def test_one_long_command_of_a_model_is_ended_in_its_middle(scripted: Scripted) -> None:
    call = Turn(Call("bash", command=f"echo 'half = 1' > src/half.py; {BEATING}", timeout_s=3600))
    day = hours(scripted, [], call, bash("ls"))

    result = ten_minutes_of(day)

    assert result["stop"]["reason"] == "no-progress"
    assert len(day.shop.model.asked("maker")) == 1
    assert day.shop.git("show", "refs/loopwright/attempts/1/1/1:src/half.py") == "half = 1"
