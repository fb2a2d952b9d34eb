"""The day's dollars are one pool for all runs: set aside before each call, charged in full when nobody knows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from loopwright.testing.frontdoor import until
from loopwright.testing.script import Fault, Say, Session, Turn

from .conftest import Scripted, Shop, small_plan
from .watching import landings, small_shop, status

HANG = [Fault("hang", seconds=30)]
UNKNOWN = "---\nname: {0}\ndescription: d\nmodel: claude-next-9\n---\nWork.\n"


def budget(shop: Shop) -> dict[str, Any]:
    """The pool as `status` tells it: what belongs together adds up."""
    found: dict[str, Any] = shop.door("status", "--json").json["budget"]
    for account in filter(None, (found["usd"], *found["runs"])):
        rest = account["free"] + account["reserved"] + account["committed"]
        assert rest == pytest.approx(account["total"], abs=1e-9)
    return found


def test_what_a_call_may_cost_is_set_aside_and_what_it_did_cost_is_committed(scripted: Scripted) -> None:
    shop = small_shop(scripted, range(1, 2), HANG)
    started = shop.door.start("run", shop.plan("p1", small_plan(1)))
    until(lambda: shop.model.asked("maker"), what="the maker was asked")

    during = budget(shop)

    assert during["usd"]["total"] == 20
    assert during["usd"]["reserved"] > 0.6  # 32,000 tokens of an answer at $20 a million, and the prompt
    assert during["usd"]["committed"] == 0
    assert during["runs"] == [{**during["usd"], "run": 1, "total": 5, "free": 5 - during["usd"]["reserved"]}]
    assert "set aside for calls under way" in shop.door("status").out
    (row,) = (part for part in shop.door("doctor", "--json").json["parts"] if part["part"] == "budget")
    assert (row["ok"], row["usd"]) == (True, during["usd"])
    assert f"free + ${during['usd']['reserved']:.4f} set aside + $0.0000 committed = $20.00 of today" in row["told"]
    told = started.kill()
    assert told.code == -9


def test_a_call_whose_process_was_killed_is_charged_its_ceiling_and_the_run_record_tells_what_was_measured(
    scripted: Scripted,
) -> None:
    shop = small_shop(scripted, range(1, 2), HANG)
    started = shop.door.start("run", shop.plan("p1", small_plan(1)))
    until(lambda: shop.model.asked("maker"), what="the maker was asked")
    ceiling = budget(shop)["usd"]["reserved"]
    started.kill()

    after = budget(shop)
    told = shop.door("resume", "1", "--json").json

    assert (after["usd"]["reserved"], after["usd"]["committed"]) == (0, ceiling)
    assert after["runs"][0]["committed"] == ceiling
    assert told["landed"]
    assert 0 < told["usd"] < 0.1 < ceiling
    assert budget(shop)["usd"]["committed"] == pytest.approx(ceiling + told["usd"], abs=1e-6)


def test_what_was_charged_counts_for_the_runs_own_ceiling_too(scripted: Scripted) -> None:
    shop = small_shop(scripted, range(1, 2), HANG)
    started = shop.door.start("run", shop.plan("p1", small_plan(1, budget="{usd: 0.5}")))
    until(lambda: shop.model.asked("maker"), what="the maker was asked")
    started.kill()

    told = shop.door("resume", "1", "--json")

    assert (told.code, told.json["stop"]["reason"]) == (3, "budget")
    assert len(shop.model.asked("maker")) == 1


def test_two_runs_at_once_share_a_days_dollars_that_are_enough_for_one(scripted: Scripted) -> None:
    shop = small_shop(scripted, range(1, 3), [Fault("slow", seconds=1)])
    shop.configure("budget: {usd-per-day: 0.042}")
    for number in (1, 2):
        shop.plan(f"p{number}", small_plan(number))

    told = shop.door("watch", "--once", "--json")

    spent = budget(shop)["usd"]
    assert told.code == 2
    assert 0 < spent["committed"] <= 0.042
    assert (spent["reserved"], spent["free"] >= 0) == (0, True)
    assert len(landings(shop)) < 2
    assert told.json["refused"]
    assert all("of $0.042 (UTC day)" in row["problem"] for row in told.json["refused"])
    shop.configure("budget: {usd-per-day: 5}")  # a person has more to spend, and both go on
    assert shop.door("watch", "--once").code == 0
    assert sorted(landings(shop)) == ["p1", "p2"]


def test_an_answer_is_as_long_as_the_day_can_still_pay_for(scripted: Scripted) -> None:
    shop = small_shop(scripted, range(1, 2))
    shop.configure("budget: {usd-per-day: 0.1}")

    assert shop.door("run", shop.plan("p1", small_plan(1))).code == 0

    first, *_ = (asked.body["max_tokens"] for asked in shop.model.asked("maker"))
    assert 1_024 < first < 0.1 / 20 * 1_000_000


def test_dollars_do_not_bind_what_has_no_price(scripted: Scripted) -> None:
    shop = small_shop(scripted, range(1, 2))
    for role in ("maker", "checker", "goal-checker", "reviewer"):
        shop.write(f"agents/{role}.md", UNKNOWN.format(role))
    shop.configure("budget: {usd-per-day: 0.000001}")

    told = shop.door("run", shop.plan("p1", small_plan(1)), "--json").json

    assert (told["landed"], told["usd"]) == (True, None)
    assert budget(shop)["usd"]["committed"] == 0


ASKS = """
import json, os, urllib.request

body = {"model": "claude-opus-5-5", "max_tokens": 2000, "messages": [{"role": "user", "content": "Go on."}]}
request = urllib.request.Request(os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages", json.dumps(body).encode(),
    {"content-type": "application/json", "x-api-key": os.environ["ANTHROPIC_API_KEY"]})
print(urllib.request.urlopen(request).status)
os.makedirs("made", exist_ok=True)
open("made/1.txt", "w").write("1")
"""


@pytest.mark.parametrize(("limit", "code", "asked"), [("1", 0, 1), ("0.01", 2, 0)])
def test_what_a_program_asks_through_its_gateway_is_of_the_same_pool(
    scripted: Scripted, limit: str, code: int, asked: int
) -> None:
    shop = scripted([Session(role="", turns=[Turn(Say("Good."))])])
    asks = shop.path.parent / "asks.py"
    asks.write_text(ASKS)
    command = f"---\nname: maker\nbackend: command\ncommand: python3 {asks}\n---\nMake.\n"
    shop.write("agents/maker.md", command)
    for role in ("checker", "goal-checker", "reviewer"):
        shop.write(f"agents/{role}.md", f"---\nname: {role}\nbackend: none\n---\nNobody.\n")
    shop.configure(f"budget: {{usd-per-day: {limit}}}")

    told = shop.door("run", shop.plan("p1", small_plan(1)), "--json")

    assert (told.code, len(shop.model.requests)) == (code, asked), told.err
    spent = budget(shop)["usd"]
    assert spent["reserved"] == 0
    assert spent["committed"] == pytest.approx(told.json["usd"] if code == 0 else 0.0, abs=1e-6)
    assert (spent["committed"] > 0) == (code == 0)
    assert ("the next call may cost" in told.err) == (code == 2)


def test_a_pool_that_does_not_read_lets_nothing_be_spent_and_is_made_anew_from_what_is_known(
    scripted: Scripted,
) -> None:
    shop = small_shop(scripted, range(1, 3))
    cost = shop.door("run", shop.plan("p1", small_plan(1)), "--json").json["usd"]
    pool = shop.path / ".git/loopwright/pool.jsonl"
    pool.write_text(json.dumps({"kind": "free-for-all"}) + "\n")
    asked = len(shop.model.requests)

    told = shop.door("run", shop.plan("p2", small_plan(2)))

    assert told.code == 2
    assert f"{pool}: the budget pool doesn't read" in told.err
    assert "mend: delete it: it is made anew from the runs' records" in told.err
    assert len(shop.model.requests) == asked
    seen = shop.door("status", "--json").json
    assert (seen["budget"], "the budget pool doesn't read" in seen["problems"][0]) == (None, True)
    (line,) = (line for line in shop.door("doctor").out.splitlines() if "budget: " in line)
    assert line.startswith(f"MISSING  budget: {pool}: the budget pool doesn't read")
    pool.unlink()
    assert budget(shop)["usd"]["committed"] == pytest.approx(cost, abs=1e-9)
    assert shop.door("run", "p2").code == 0
    assert status(shop, "p2") == "done"
