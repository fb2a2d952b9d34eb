"""An incident's whole life through files alone: a watcher, a person's editor, a person's git, and kills in between."""

from __future__ import annotations

import os
import signal

from loopwright.testing.frontdoor import until
from loopwright.testing.script import Session

from .conftest import GOOD, PLAN, Scripted, Shop, judges, maker, small_plan, write
from .incidents import TEST, WORSE, filled_in, page_of
from .watching import landings

CHECK = "python3 tests/nothing.py"  # no name that the shop's own checks would find
AGAIN = GOOD.replace("return sum(prices)", "return sum(prices) or 1")
"""The defect, so that it gets past the shop's own checks."""


def killed_when(shop: Shop, ref: str) -> None:
    """A watcher and all that it started, ended with SIGKILL as soon as there is a ref (at once, when there is)."""
    started = shop.door.start("watch")
    until(lambda: shop.git("for-each-ref", ref) and "watching" in started.err, what=ref)
    os.killpg(started.pid, signal.SIGKILL)
    assert started.wait().code == -signal.SIGKILL


def test_an_incident_lives_and_ends_through_files_alone(scripted: Scripted) -> None:
    fails = Session(role="maker", turns=maker(write("src/pricing.py", WORSE)).turns, unless="In the run before")
    goes_on = maker(write("src/pricing.py", GOOD), when="In the run before")
    replants = maker(write("src/pricing.py", AGAIN), write("made/1.txt", "1\n"), when="# Write file 1.")
    shop = scripted([replants, goes_on, fails, *judges()])
    shop.configure("loops: {execution: {attempts-per-chunk: 1}}")

    # It opens, and survives kills and new processes.
    shop.plan("fix", PLAN)
    killed_when(shop, "refs/loopwright/andon/plan/fix/1-1")
    assert shop.door("watch", "--once").code == 3
    killed_when(shop, "refs/loopwright/andon/plan/fix/1-1")
    page = page_of(shop)
    assert "AssertionError: 7 != 6" in shop.read(page)
    assert "status: stopped" in shop.read("plans/fix.md")
    assert shop.door("watch", "--once").code == 0  # nothing is ready, nothing goes on by itself

    # A person's word without the work is set back, in the page.
    shop.write(page, shop.read(page).replace("status: open", "status: resolved"))
    shop.door("watch", "--once")
    assert "\nstatus: open\n" in shop.read(page)
    assert "## Still missing" in shop.read(page)

    # A person mends it; the watcher takes the word, and the plan goes on where it stopped, and lands.
    shop.write("tests/nothing.py", TEST + '\n\nif __name__ == "__main__":\n    unittest.main()\n')
    shop.git("add", "tests")
    shop.git("commit", "-qm", "a test of the empty total")
    text = filled_in(shop.read(page), check=CHECK).replace("tests/test_total.py", "tests/nothing.py")
    shop.write(page, text.replace("status: open", "status: resolved"))
    assert shop.door("watch", "--once").code == 0
    assert "\nstatus: resolved\n" in shop.git("show", f"main:{page}")
    assert "by Ada" in shop.read(page)
    standards = shop.git("show", "main:agents/STANDARDS.md")
    assert f"Incident: {page}\nLevel: L2\nCheck: `{CHECK}`\n" in standards
    assert shop.git("for-each-ref", "refs/loopwright/andon", "refs/loopwright/claims") == ""
    assert landings(shop) == ["fix"]
    assert shop.record(2)["continues"] == 1
    assert "status: done" in shop.read("plans/fix.md")

    # Another plan's maker plants the defect again: what was learned refuses it.
    shop.plan("one", small_plan(1))
    assert shop.door("watch", "--once").code == 3
    assert shop.refusals(3) == [("S-1", "test-failure")]
    assert landings(shop) == ["fix"]
    assert shop.git("show", "main:src/pricing.py") + "\n" == GOOD
    assert shop.git("status", "--porcelain") == ""
