"""What would take back the mainline's work is named, however it came about; honest merges pass.

Each row is a small history that git itself made: the run's branch `work` begins at the base, the mainline goes on, and
the run's commands are a shell script in its branch. Then the candidate is looked at as a landing looks at it.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, replace

import pytest

from loopwright.journal.hub import find
from loopwright.loops.promotion import landing
from loopwright.testing.repository import Repository
from loopwright.vocabulary import Scope

SHOP = """\
def price(net):
    vat = net * 0.19
    return net + vat


def discount(price, percent):
    factor = percent / 100
    return price - price * factor


def total(prices):
    found = 0
    for price in prices:
        found += price
    return found


def receipt(prices):
    lines = [str(price) for price in prices]
    return "\\n".join(lines)
"""

UTIL = "import os\nimport sys\nimport json\n\n\ndef here():\n    return os.getcwd()\n"
TEST = "from shop import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n"
BASE = {
    "shop.py": SHOP,
    "util.py": UTIL,
    "tests/test_shop.py": TEST,
    "old.py": "def old():\n    return 'nobody calls it'\n",
    "notes.md": "# Notes\n\n- first\n- second\n- third\n",
    "run.sh": "#!/bin/sh\nexec python3 shop.py\n",
}

MAIN = """\
sed -i 's/net \\* 0.19/net * 0.20/; s/found = 0/found = 0.0/' shop.py
sed -i 's/return found/return round(found, 2)/' shop.py
printf '\\n\\ndef refund(price):\\n    return -price\\n' >> shop.py
sed -i '/import json/d' util.py
printf '\\n\\ndef test_refund():\\n    assert True\\n' >> tests/test_shop.py
printf 'def test_new():\\n    assert 1\\n' > tests/test_new.py
git rm -q old.py
sed -i 's/- second/- second, and more/' notes.md
chmod +x run.sh
"""
"""What the mainline gets meanwhile: edits, a function, a line less, tests, a file less, a mode."""

MINE = "sed -i 's/percent \\/ 100/percent \\/ 100.0/' shop.py; git commit -qam mine\n"
"""The run's own work, in a file that the mainline changes elsewhere."""

MERGE = "git merge -q --no-edit main\n"
ALL = {"shop.py", "util.py", "tests/test_shop.py", "tests/test_new.py", "old.py", "notes.md", "run.sh"}


@dataclass(frozen=True)
class Row:
    """A history. `work`: what the run did; `named`: the paths that are taken back; `scope`: what its plan names."""

    name: str
    work: str
    named: frozenset[str] = frozenset()
    scope: tuple[str, ...] = ("**",)
    main: str = MAIN


def hostile(name: str, work: str, *named: str, main: str = MAIN) -> Row:
    return Row(name, work, frozenset(named), main=main)


HOSTILE = (
    hostile("merge -s ours", f"{MINE}git merge -q -s ours --no-edit main", *ALL),
    hostile(
        "merge -X ours over a line that both changed",
        "sed -i 's/net \\* 0.19/net * 0.21/' shop.py; git commit -qam mine; git merge -q -X ours --no-edit main",
        "shop.py",
    ),
    hostile(
        "merge -X ours over lines next to one that the run changed",
        "sed -i 's/    vat = net/    vat = 1 * net/; s/return net + vat/return vat + net/' shop.py;"
        "git commit -qam mine; git merge -q -X ours --no-edit main",
        "shop.py",
        main="sed -i 's/vat = net \\* 0.19/vat = net * 0.20/; s/def price(net):/def price(net, x=1):/' shop.py",
    ),
    hostile(
        "a stale squash on top of the mainline",
        f"{MINE}tree=$(git rev-parse HEAD^{{tree}}); git reset -q --hard $(git commit-tree $tree -p main -m squash)",
        *ALL,
    ),
    hostile(
        "an evil merge that keeps the branch's tree",
        f"{MINE}git reset -q --hard $(git commit-tree HEAD^{{tree}} -p HEAD -p main -m merged)",
        *ALL,
    ),
    hostile(
        "a merge over a wrong base",
        f"{MINE}git merge-recursive main -- HEAD main >/dev/null; tree=$(git write-tree);"
        "git reset -q --hard $(git commit-tree $tree -p HEAD -p main -m merged)",
        *ALL,
    ),
    hostile(
        "a rebase over a wrong base: the patch of a stale copy",
        f"{MINE}git diff main HEAD -- shop.py notes.md > ../stale.patch; git reset -q --hard main;"
        "git apply ../stale.patch; git commit -qam rebased",
        "shop.py",
        "notes.md",
    ),
    hostile("a file copied back", f"{MERGE}git checkout -q BASE -- shop.py; git commit -qam back", "shop.py"),
    hostile(
        "a file copied back, with the run's own work in it",
        f"{MERGE}git checkout -q BASE -- shop.py; sed -i 's/percent \\/ 100/percent \\/ 1e2/' shop.py;"
        "git commit -qam back",
        "shop.py",
    ),
    hostile(
        "a file copied back, formatted, with a line more",
        f"{MERGE}git checkout -q BASE -- notes.md; echo '- mine' >> notes.md; git commit -qam back",
        "notes.md",
    ),
    hostile("one change of several undone", f"{MERGE}sed -i 's/0.20/0.19/' shop.py; git commit -qam mine", "shop.py"),
    hostile(
        "a function taken out again, another one put elsewhere",
        f"{MERGE}sed -i '/def refund/,$d' shop.py; printf 'import math\\n%s' \"$(cat shop.py)\" > s; mv s shop.py;"
        "git commit -qam mine",
        "shop.py",
    ),
    hostile(
        "a line put back that was removed", f"{MERGE}sed -i '2a import json' util.py; git commit -qam b", "util.py"
    ),
    hostile("a new test deleted", f"{MERGE}git rm -q tests/test_new.py; git commit -qm less", "tests/test_new.py"),
    hostile(
        "a new test deleted from a file that stays",
        f"{MERGE}sed -i '/def test_refund/,$d' tests/test_shop.py; git commit -qam less",
        "tests/test_shop.py",
    ),
    hostile("a file deleted that was edited since", f"{MERGE}git rm -q notes.md; git commit -qm less", "notes.md"),
    hostile("a removed file put back", f"{MERGE}git checkout -q BASE -- old.py; git commit -qm back", "old.py"),
    hostile(
        "a removed file put back with an edit",
        f"{MERGE}git checkout -q BASE -- old.py; echo '# old' >> old.py; git add -A; git commit -qm back",
        "old.py",
    ),
    hostile("a mode set back", f"{MERGE}chmod -x run.sh; git commit -qam mode", "run.sh"),
    hostile("a revert of the mainline's commit", f"{MERGE}git revert --no-edit main >/dev/null", *ALL),
    hostile(
        "a renamed file with the old contents",
        f"{MERGE}git checkout -q BASE -- shop.py; git mv shop.py store.py; git commit -qam renamed",
        "shop.py",
    ),
)

HONEST = (
    Row("another file", "echo 1 > mine.py; git add -A; git commit -qm mine"),
    Row("another place of the same file", MINE),
    Row("another place, and the mainline merged into the branch", f"{MINE}{MERGE}"),
    Row("the mainline merged, then more work", f"{MERGE}{MINE}"),
    Row("rebased onto the mainline", f"{MINE}git rebase -q main"),
    Row("the mainline's commit cherry-picked", f"{MINE}git cherry-pick main >/dev/null"),
    Row("the same change made by both", "sed -i 's/net \\* 0.19/net * 0.20/' shop.py; git commit -qam same"),
    Row("a file renamed that the mainline edits", "git mv shop.py store.py; git commit -qm renamed"),
    Row(
        "a file renamed and edited",
        "git mv shop.py store.py; sed -i 's/percent \\/ 100/percent \\/ 1e2/' store.py; git commit -qam renamed",
    ),
    Row(
        "a folder renamed",
        "git mv tests checks; git commit -qm renamed",
        main="printf '\\n\\ndef test_refund():\\n    assert True\\n' >> tests/test_shop.py",
    ),
    Row(
        "the mainline's commit cherry-picked and undone in the branch: the merge has it",
        f"{MINE}git cherry-pick main >/dev/null; git checkout -q BASE -- util.py; git commit -qam back",
    ),
    Row("a file renamed after the merge", f"{MERGE}git mv notes.md README.md; git commit -qm renamed"),
    Row(
        "a function moved within its file",
        "sed -n '/^def total/,/^    return found/p' shop.py > ../f; sed -i '/^def discount/,/factor$/d' shop.py;"
        "printf '\\n\\ndef discount(price, percent):\\n    return price\\n' >> util.py; git commit -qam moved",
    ),
    Row(
        "the mainline's function moved to another file",
        f"{MERGE}printf 'def refund(price):\\n    return -price\\n' > refunds.py; sed -i '/def refund/,$d' shop.py;"
        "git add -A; git commit -qm moved",
    ),
    Row(
        "the mainline's function moved up in its file",
        f"{MERGE}sed -i '/def refund/,$d' shop.py;"
        "printf 'def refund(price):\\n    return -price\\n\\n\\n%s\\n' \"$(cat shop.py)\" > s; mv s shop.py;"
        "git commit -qam moved",
    ),
    Row(
        "the mainline's function moved into a class",
        f"{MERGE}sed -i '/def refund/,$d' shop.py;"
        "printf '\\n\\nclass Refund:\\n    def refund(price):\\n        return -price\\n' >> util.py;"
        "git commit -qam moved",
    ),
    Row(
        "a file split in two", f"{MERGE}head -4 shop.py > price.py; sed -i '1,4d' shop.py; git add -A; git commit -qm s"
    ),
    Row(
        "formatted where the mainline changed nothing",
        "sed -i 's/\\[str(price) for price in prices\\]/[\\n        str(price) for price in prices\\n    ]/' shop.py;"
        "git commit -qam formatted",
    ),
    Row("formatted all over after the merge", f"{MERGE}sed -i 's/^    /\\t/' shop.py; git commit -qam tabs"),
    Row("other line endings after the merge", f"{MERGE}sed -i 's/$/\\r/' shop.py notes.md; git commit -qam crlf"),
    Row(
        "the mainline's new line adapted",
        f"{MERGE}sed -i 's/net \\* 0.20/net * rate(0.20)/' shop.py; git commit -qam adapted",
    ),
    Row(
        "a conflict resolved with both sides' work",
        "sed -i 's/net \\* 0.19/net * 0.19 * 1/' shop.py; git commit -qam mine; git merge -q main >/dev/null || true;"
        "git checkout -q --theirs shop.py; sed -i 's/net \\* 0.20/net * 0.20 * 1/' shop.py; git commit -qam resolved",
    ),
    Row(
        "both append to a list, and the branch keeps both",
        f"{MERGE}echo '- mine' >> notes.md; git commit -qam mine",
        main="echo '- theirs' >> notes.md",
    ),
    Row(
        "a generated file made anew after the merge",
        f"{MERGE}sort -r notes.md > n; mv n notes.md; echo generated >> notes.md; git commit -qam generated",
    ),
    Row("a file deleted that the mainline didn't touch", "git rm -q shop.py; git commit -qm less", main="echo > x"),
    Row("new work where a file was removed", f"{MERGE}echo 'def new(): ...' > old.py; git add -A; git commit -qm new"),
    Row(
        "a deliberate revert of a line that the plan names",
        f"{MERGE}sed -i 's/0.20/0.19/' shop.py; git commit -qam back",
        scope=("shop.py",),
    ),
    Row(
        "a deliberate revert of a file that the plan names",
        f"{MERGE}git checkout -q BASE -- notes.md; git commit -qam b",
        scope=("notes.md",),
    ),
    Row(
        "a removed file brought back that the plan names",
        f"{MERGE}git checkout -q BASE -- old.py; git commit -qm b",
        scope=("old.py",),
    ),
    Row(
        "a new test deleted that the plan names",
        f"{MERGE}git rm -q tests/test_new.py; git commit -qm b",
        scope=("tests/test_new.py",),
    ),
    Row(
        "what the mainline had before the base reverted",
        "git checkout -q BASE~1 -- util.py; git commit -qam back",
        main="sed -i 's/0.19/0.20/' shop.py",
    ),
    Row(
        "blank lines and doubled lines",
        f"{MERGE}sed -i 's/^$/\\n/' shop.py; sed -i '1a # a\\n# a' notes.md; git commit -qam blank",
    ),
    Row("a mode set by the run", "chmod +x util.py; git commit -qam mode"),
)


def shell(repo: Repository, script: str, base: str) -> None:
    env = {**repo.environment, "GIT_EDITOR": "true"}
    words = ["sh", "-ec", script.replace("BASE", base)]
    done = subprocess.run(words, cwd=repo.path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"


def taken_back(repo: Repository, row: Row) -> set[str]:
    """What a landing says that the row's branch would take back."""
    repo.write("util.py", "import os\n")
    repo.commit("before")
    for path, text in BASE.items():
        repo.write(path, text)
    base = repo.commit("base")
    shell(repo, f"{row.main}\ngit add -A; git commit -qm meanwhile", base)
    repo.git("checkout", "-q", "-b", "work", base)
    shell(repo, row.work, base)
    hub = find(repo.path)
    found = landing.candidate(hub, "main", repo.head("work"), 1)
    assert isinstance(found, str), f"{row.name}: {found}"
    return set(landing.silent_reverts(hub.git, base, repo.head("main"), found, Scope(row.scope)))


@pytest.fixture
def fresh(tmp_path: object) -> Repository:
    return Repository.init(tmp_path / "shop")  # type: ignore[operator]


@pytest.mark.parametrize("row", HOSTILE, ids=lambda row: row.name)
def test_what_takes_back_the_mainline_s_work_is_named(fresh: Repository, row: Row) -> None:
    assert taken_back(fresh, row) == row.named


@pytest.mark.parametrize("row", HONEST, ids=lambda row: row.name)
def test_an_honest_merge_passes(fresh: Repository, row: Row) -> None:
    assert taken_back(fresh, row) == set()


def test_there_are_enough_of_both() -> None:
    assert len(HOSTILE) >= 12
    assert len(HONEST) >= 25
    assert all(
        replace(row, name="") != replace(other, name="") for row in HONEST for other in HONEST if row is not other
    )
