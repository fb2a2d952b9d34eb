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


SWAPS = "d=$PWD; cp -a $d $d.forged; touch $d.forged/forged; cd /; mv $d $d.old; ln -s $d.forged $d"
SHUTS = "mkdir shut; touch shut/file; chmod -R a-w shut; mkdir -p ../git/index.lock"
"""What nobody but root can delete, and what keeps git from its index, root's too."""


@pytest.mark.parametrize("spoils", ["rm -rf $PWD", SWAPS, SHUTS], ids=["removed", "swapped", "shut"])
def test_where_a_gate_left_files_that_cant_be_put_back_the_next_ones_get_a_fresh_lab(
    scripted: Scripted, spoils: str
) -> None:
    shop = scripted([good_maker(), *judges()])
    sees = "[ -e src/pricing.py ] && [ ! -e forged ]"
    shop.plan("fix", PLAN.replace("## Goal", f"## Checks\n- `{spoils}`\n- `{sees}`\n\n## Goal"))

    told = shop.door("run", "fix", "--json")

    assert (told.code, told.json["landed"], told.json["flaky"]) == (0, True, 0), told.err
