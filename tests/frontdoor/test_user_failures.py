"""A plan whose work a person said no to twice stands still until somebody has thought about why."""

from __future__ import annotations

import pytest

from loopwright.andon import breakers
from loopwright.journal import hub as hubs
from loopwright.loops import tally
from loopwright.testing.frontdoor import Told

from .conftest import PLAN, Scripted, Shop, good_maker, judges, maker, write
from .test_running_plans import HUMAN

WHY = "Hypothesis: customers mean the price before tax\n"


def begun(scripted: Scripted, text: str = HUMAN) -> Shop:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix", text)
    return shop


def ready(shop: Shop, more: str = "") -> Told:
    """Set the plan to ready, with more text at its end, and run it."""
    lines = shop.read("plans/fix.md").splitlines(keepends=True)
    text = "".join("status: ready\n" if line.startswith("status:") else line for line in lines)
    shop.write("plans/fix.md", text + more)
    return shop.door("run", "fix", "--json")


def refused(shop: Shop, run: int, more: str = "") -> None:
    """Let it be made, and say no to it in review."""
    told = ready(shop, more)
    assert (told.code, told.json["run"], told.json["status"]) == (0, run, "review"), told.err
    assert shop.door("reject", str(run)).code == 0


def failures(shop: Shop, plan: str = "fix") -> int:
    return tally.user_failures(hubs.find(shop.path), plan)


def test_after_the_second_rejection_a_plan_waits_for_a_hypothesis(scripted: Scripted) -> None:
    shop = begun(scripted)
    refused(shop, 1)
    assert failures(shop) == 1
    refused(shop, 2)
    assert failures(shop) == 2

    told = ready(shop)

    assert told.code == 3
    assert "fix is stopped (user-failures): a person rejected or took back what this plan made 2 times" in told.err
    assert "(gen-1, gen-2)" in told.err
    assert "mend: write in plans/fix.md why it should go better now, such as `Hypothesis:" in told.err
    assert not shop.claims
    assert "status: ready" in shop.read("plans/fix.md")
    assert ready(shop, f"\n## Risks\n{WHY}").json["run"] == 3


def test_a_hypothesis_that_was_there_before_the_last_rejection_is_used_up(scripted: Scripted) -> None:
    shop = begun(scripted)
    refused(shop, 1)
    refused(shop, 2, f"\n## Risks\n{WHY}")

    assert ready(shop).code == 3
    refused(shop, 3, "Hypothesis: the percentage is meant per item\n")
    assert ready(shop).code == 3
    assert ready(shop, "Hypothesis: the list has other prices\n").code == 0


@pytest.mark.parametrize("more", ["Hypothesis:\n", "Hypothesis: TODO\n", "\n```\n" + WHY + "```\n"])
def test_a_hypothesis_that_says_nothing_opens_nothing(scripted: Scripted, more: str) -> None:
    shop = begun(scripted)
    refused(shop, 1)
    refused(shop, 2)

    assert ready(shop, f"\n## Risks\n{more}").code == 3


def test_the_page_of_its_incident_may_hold_the_hypothesis(scripted: Scripted) -> None:
    shop = begun(scripted)
    refused(shop, 1)
    refused(shop, 2)
    shop.write("wiki/90_LOG/2026-11-21-andon-gen-1.md", f"# Of an older one\n\n{WHY}")
    assert ready(shop).code == 3

    shop.write("wiki/90_LOG/2026-11-21-andon-gen-2.md", f"# Twice\n\n## Five Whys\n{WHY}")
    assert ready(shop).code == 3

    shop.write("wiki/90_LOG/2026-11-21-andon-gen-2.md", f"# Twice\n\n## Summary\n{WHY}")
    assert ready(shop).code == 0


def test_the_threshold_is_that_of_loops(scripted: Scripted) -> None:
    shop = begun(scripted)
    shop.configure("breakers: {user-failures: 1}")
    refused(shop, 1)

    assert ready(shop).code == 3


def test_what_landed_and_was_taken_back_counts_once(scripted: Scripted) -> None:
    shop = begun(scripted, PLAN)
    assert shop.door("run", "fix", "--json").json["landed"]
    assert shop.door("rollback", "1", "--json").json["landed"]
    assert shop.door("rollback", "1").code == 0

    assert (failures(shop), failures(shop, "rollback-gen-1"), failures(shop, "other")) == (1, 0, 0)


def test_to_clear_away_a_run_that_failed_by_itself_is_none(scripted: Scripted) -> None:
    shop = scripted([maker(write("notes.txt", "out of scope\n")), *judges()])
    shop.plan("fix")
    assert shop.door("run", "fix", "--json").code == 3
    assert shop.door("reject", "1").code == 0

    assert failures(shop) == 0


def test_another_plan_is_not_stopped(scripted: Scripted) -> None:
    shop = begun(scripted)
    refused(shop, 1)
    refused(shop, 2)
    shop.plan("other", HUMAN)

    assert shop.door("run", "other", "--json").json["status"] == "review"


def test_a_watcher_leaves_a_stopped_plan_alone_and_says_why(scripted: Scripted) -> None:
    shop = begun(scripted)
    refused(shop, 1)
    refused(shop, 2)
    shop.write("plans/fix.md", shop.read("plans/fix.md").replace("status: rejected", "status: ready"))

    told = shop.door("watch", "--once", "--json")

    assert told.code == 3
    assert "user-failures" in told.err
    assert failures(shop) == 2


def test_rows_tell_when_runs_ended_landed_and_were_decided(scripted: Scripted) -> None:
    shop = scripted([maker(write("notes.txt", "out of scope\n"), when="wrong"), good_maker(), *judges()])
    shop.plan("a", HUMAN)
    for name in ("b", "c"):
        shop.plan(name, HUMAN.replace("# A discount", "# A wrong discount").replace("Divide", "wrong: divide"))
    assert [shop.door("run", name).code for name in ("a", "b", "c")] == [0, 3, 3]
    hub = hubs.find(shop.path)

    review, *failed = tally.rows(hub)

    assert [(row.run, row.outcome, row.landed, row.decisions) for row in failed] == [
        (2, "stopped", None, ()),
        (3, "stopped", None, ()),
    ]
    assert (review.status, review.landed) == ("review", None)
    assert review.ended is not None
    assert failed[0].ended is not None
    assert review.ended < failed[0].ended
    assert breakers.failed_in_a_row(tally.rows(hub)) == 2
    assert breakers.failed_in_a_row(tally.rows(hub, {2: ("2999-01-01T00:00:00.000+00:00",)})) == 0

    shop.door("land", "1")

    assert breakers.failed_in_a_row(tally.rows(hub)) == 0
    landed = tally.rows(hub)[0]
    assert landed.landed is not None
    assert landed.landed > (failed[1].ended or "")


def test_a_rejection_of_an_older_run_sets_the_row_to_nothing(scripted: Scripted) -> None:
    shop = scripted([maker(write("notes.txt", "out of scope\n"), when="wrong"), good_maker(), *judges()])
    shop.plan("a", HUMAN)
    shop.plan("b", HUMAN.replace("Divide", "wrong: divide"))
    assert [shop.door("run", name).code for name in ("a", "b")] == [0, 3]
    hub = hubs.find(shop.path)
    assert breakers.failed_in_a_row(tally.rows(hub)) == 1

    shop.door("reject", "1")

    assert breakers.failed_in_a_row(tally.rows(hub)) == 0
    assert tally.rows(hub)[0].decisions != ()
