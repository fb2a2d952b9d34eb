"""A run behind walls, from the plan to the landing: what it sees, what it can't, and that nothing weaker is taken."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from loopwright import workshop
from loopwright.testing.frontdoor import until
from loopwright.testing.script import Session

from .conftest import GOOD, KEY, PLAN, Scripted, Shop, bash, good_maker, judges, maker, write

pytestmark = pytest.mark.skipif(bool(workshop.lacking("sandbox")), reason=workshop.lacking("sandbox") or "there is one")


def in_labs_of(kind: str, shop: Shop) -> Shop:
    shop.write("agents/LOOPS.md", shop.read("agents/LOOPS.md").replace("lab: clone", f"lab: {kind}"))
    shop.commit(f"work in labs of kind {kind}")
    return shop


def lab_of(shop: Shop, run: int) -> str:
    return str(shop.door("show", str(run), "--json").json["lab"])


def test_a_plan_lands_out_of_a_sandbox(scripted: Scripted) -> None:
    shop = in_labs_of("sandbox", scripted([good_maker(), *judges()]))
    shop.plan("fix", PLAN)

    result = shop.door("run", "fix", "--json").json

    assert (result["outcome"], result["landed"]) == ("met", True)
    assert shop.read("src/pricing.py") == GOOD
    assert shop.door("fsck").code == 0
    assert lab_of(shop, result["run"]) == "sandbox"


def test_auto_takes_the_sandbox_where_it_is_to_be_had(scripted: Scripted) -> None:
    shop = in_labs_of("auto", scripted([good_maker(), *judges()]))
    shop.plan("fix", PLAN)

    result = shop.door("run", "fix", "--json").json

    assert not any(note.startswith("lab:") for note in result["notes"])
    assert lab_of(shop, result["run"]) == "sandbox"


def test_a_plan_may_demand_walls_and_gets_them(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix", PLAN.replace("merge: auto", "merge: auto\nlab: sandbox"))

    result = shop.door("run", "fix", "--json").json

    assert result["landed"], result
    assert lab_of(shop, result["run"]) == "sandbox"


def test_a_plan_cannot_take_walls_away(scripted: Scripted) -> None:
    shop = in_labs_of("sandbox", scripted([good_maker(), *judges()]))
    shop.plan("fix", PLAN.replace("merge: auto", "merge: auto\nlab: worktree"))

    assert lab_of(shop, shop.door("run", "fix", "--json").json["run"]) == "sandbox"


def hostile(shop: Shop, secret: Path) -> Session:
    """Looks for keys wherever they might be, and reaches for the repository in every way it knows."""
    top = shop.path
    looks = (
        f"cat '{secret}'; env; cat /proc/[0-9]*/environ; cat {top}/.env {top}/.git/config",
        f"git -C {top} update-ref refs/heads/main HEAD~1; git -C {top} commit --allow-empty -m evil",
        f"echo x >> {top}/README.md; echo x > {top}/.git/hooks/post-commit; ls {top} {top}/.git",
        f"(setsid sh -c 'sleep 0.2; echo late > {top}/late' &)",
    )
    return maker(*(bash(look) for look in looks), write("src/pricing.py", GOOD))


def test_a_hostile_maker_finds_no_key_and_moves_nothing(shop: Shop, scripted: Scripted, tmp_path: Path) -> None:
    secret = tmp_path / "id_rsa"
    secret.write_text("pl4nted-private-key")
    in_labs_of("sandbox", scripted([hostile(shop, secret), *judges()]))
    shop.write(".env", "SOME_API_KEY=pl4nted-in-dotenv\n")
    shop.write(".gitignore", ".env\n")
    shop.commit("keys stay out of git")
    shop.plan("fix", PLAN)

    result = shop.door("run", "fix", "--json").json

    assert (result["outcome"], result["landed"], result["incident"]) == ("met", True, None)
    assert not (shop.path / "late").exists()
    assert not (shop.path / ".git/hooks/post-commit").exists()
    assert shop.git("log", "--format=%s", "--grep", "^evil") == ""
    assert shop.git("status", "--porcelain") == ""
    for ref in shop.git("for-each-ref", "--format=%(refname)").split():
        for planted in (KEY, "pl4nted"):
            found = subprocess.run(["git", "grep", "-a", "-l", planted, ref], cwd=shop.path, capture_output=True)
            assert found.returncode == 1, (ref, planted, found.stdout)


# ---------------------------------------------------------------- where there is no sandbox


def without(programs: Sequence[str], shop: Shop, *words: str) -> subprocess.CompletedProcess[str]:
    """A command on a machine that hasn't got these: they are covered, in a view of the files that nobody else has."""
    script = 'while [ "$1" != -- ]; do mount --bind /dev/null "$1"; shift; done; shift; exec "$@"'
    places = ("/usr/local/bin", "/usr/bin")
    found = [path for name in programs for place in places if (path := shutil.which(name, path=place))]
    apart = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", *found, "--"]
    line = [*apart, sys.executable, "-m", "loopwright", *words]
    return subprocess.run(line, cwd=shop.path, env=dict(shop.door.env), capture_output=True, text=True)


def without_bubblewrap(shop: Shop, *words: str) -> subprocess.CompletedProcess[str]:
    return without(["bwrap"], shop, *words)


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can cover a program")


@as_root
def test_what_was_demanded_and_is_not_there_is_refused_before_anything_is_made(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix", PLAN.replace("merge: auto", "merge: auto\nlab: sandbox"))

    ran = without_bubblewrap(shop, "run", "fix")

    assert ran.returncode == 2, ran.stderr
    assert "a lab of kind `sandbox` was asked for, and can't be had here" in ran.stderr
    assert "apt install bubblewrap" in ran.stderr
    assert shop.git("for-each-ref", "refs/loopwright") == ""


@as_root
def test_auto_without_a_sandbox_takes_the_clone_and_says_so_everywhere(scripted: Scripted) -> None:
    shop = in_labs_of("auto", scripted([good_maker(), *judges()]))
    shop.plan("fix", PLAN)

    ran = without_bubblewrap(shop, "run", "fix")

    assert ran.returncode == 0, ran.stderr
    for told in (ran.stdout + ran.stderr, shop.page(1), without_bubblewrap(shop, "status").stdout):
        assert "lab: clone (no sandbox here" in told
    assert lab_of(shop, 1) == "clone"


# ---------------------------------------------------------------- killed


def test_after_a_kill_nothing_of_the_lab_is_left_and_the_run_is_gone_on_with(scripted: Scripted) -> None:
    slow = bash("test -e ../home/begun || { touch ../home/begun; (setsid sleep 300 &); sleep 300; }")
    shop = in_labs_of("sandbox", scripted([maker(slow, write("src/pricing.py", GOOD)), *judges()]))
    shop.plan("fix", PLAN)
    run = shop.door.start("run", "fix")
    until(lambda: len(at_work(shop)) > 2, what="the commands in the lab")

    run.kill()

    until(lambda: not at_work(shop), seconds=5, what="the end of all that was in it")
    assert shop.door("run", "fix").code == 0
    assert shop.read("src/pricing.py") == GOOD


@pytest.mark.parametrize("kind", ["sandbox", "container"])
def test_a_lab_that_is_killed_in_the_middle_of_a_command_is_put_up_again_and_its_run_lands(
    scripted: Scripted, kind: str
) -> None:
    if why := workshop.lacking(kind):
        pytest.skip(why)
    killed = maker(bash("touch ../home/begun; sleep 300"), bash("ls ../home"), write("src/pricing.py", GOOD))
    shop = in_labs_of(kind, scripted([killed, *judges()]))
    run = shop.door.start("run", shop.plan("fix"), "--json")
    until(lambda: any((lab / "home/begun").exists() for lab in shop.labs), 60, "it is at work")

    for pid in at_work(shop):
        with contextlib.suppress(ProcessLookupError):  # it ended with another one
            os.kill(pid, signal.SIGKILL)

    told = run.wait()
    assert (told.code, told.json["landed"], told.json["chunks"][0]["attempts"]) == (0, True, 1), told.err
    (_, asked) = [asked for asked in shop.model.asked("maker") if asked.results][:2]
    assert "begun" in str(asked.results[-1])
    until(lambda: not at_work(shop), seconds=5, what="nothing is left of either")


def at_work(shop: Shop) -> dict[int, str]:
    """Processes that see a lab of the shop, with what they were started as."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended meanwhile
            if f" {shop.path.parent}/".encode() in (entry / "mountinfo").read_bytes():
                found[int(entry.name)] = (entry / "cmdline").read_bytes().decode().replace("\0", " ")
    return found
