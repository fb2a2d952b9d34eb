"""Each gate judges the commit: what the code that an earlier one ran has made of the files is gone."""

from __future__ import annotations

import pytest

from .conftest import PLAN, Scripted, good_maker, judges

FORGES = "echo forged > src/pricing.py; echo forged > conftest.py; mkdir -p dist; echo built > dist/app"
SEES = "! grep -q forged src/pricing.py && [ ! -e conftest.py ] && [ -e dist/app ]"


@pytest.mark.parametrize("kind", ["clone", "auto"])
def test_a_gate_that_writes_over_files_has_no_say_in_the_next_ones(scripted: Scripted, kind: str) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.write("agents/LOOPS.md", shop.read("agents/LOOPS.md").replace("lab: clone", f"lab: {kind}"))
    shop.write(".gitignore", "dist/\n")
    shop.commit("what is built is ignored")
    shop.plan("fix", PLAN.replace("## Goal", f"## Checks\n- `{FORGES}`\n- `{SEES}`\n\n## Goal"))

    told = shop.door("run", "fix", "--json")

    assert told.json["landed"], told.err
    assert "forged" not in shop.git("show", "main:src/pricing.py")


def test_a_gate_that_removes_all_files_leaves_the_next_one_to_a_second_look(scripted: Scripted) -> None:
    """Which it gets in a lab of its own, as every gate that fails."""
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix", PLAN.replace("## Goal", "## Checks\n- `rm -rf $PWD`\n- `[ -e src/pricing.py ]`\n\n## Goal"))

    told = shop.door("run", "fix", "--json")

    assert (told.code, told.json["landed"]) == (0, True), told.err
