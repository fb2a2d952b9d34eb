"""A person can always get on: no page, ref or lock leaves a line stopped without a way that works, and none loops."""

from __future__ import annotations

from pathlib import Path

import pytest

from loopwright.testing.frontdoor import until

from .conftest import KEY, PLAN, Scripted, Shop, bash, good_maker, judges, maker, small_maker, small_plan
from .incidents import filled_in, hopeless, incidents, mended, page_of, stopped_shop


def open_kinds(shop: Shop) -> list[str]:
    return sorted(row["kind"] for row in incidents(shop) if row["status"] == "open")


def a_command_seems_to_run(shop: Shop, run: int = 7) -> None:
    """As after a kill -9 of run N in the middle of a lab's command: nobody wrote down its end."""
    with (shop.path / ".git/loopwright/lab-times").open("a") as file:
        file.write(f"begin 1 {run} 1-1-maker\n")


def meta_page(shop: Shop) -> Path:
    (found,) = shop.path.glob("wiki/90_LOG/*-meta-gen-*.md")
    return found


# ---------------------------------------------------------------- words in pages


def test_a_page_that_is_set_to_resolved_again_and_again_is_set_back_each_time(scripted: Scripted) -> None:
    shop = stopped_shop(scripted)
    place = shop.path / page_of(shop)
    for _ in range(3):
        place.write_text(place.read_text().replace("status: open", "status: resolved"))

        told = shop.door("watch", "--once")

        assert told.err.count("isn't resolved yet") == 1
        assert "status: open" in place.read_text()
        assert place.read_text().count("## Still missing") == 1
    assert shop.git("status", "--porcelain") == ""


def in_plan_mode(scripted: Scripted, *more: str) -> Shop:
    shop = scripted([hopeless(), *judges()])
    shop.configure("loops: {execution: {attempts-per-chunk: 1}}", "breakers: {consecutive-failures: 1}", *more)
    shop.plan("fix")
    assert shop.door("run", "fix").code == 3
    assert "meta" in open_kinds(shop)
    return shop


def test_a_decision_is_a_person_s_when_they_type_it_whatever_seems_to_run(scripted: Scripted) -> None:
    shop = in_plan_mode(scripted)
    a_command_seems_to_run(shop)
    page = meta_page(shop)
    page.write_text(page.read_text().replace("decision:", "decision: resume"))

    watched = shop.door("watch", "--once")
    assert "written while a command ran in a lab of gen-7" in watched.err
    assert "loopwright andon resolve 1" in page.read_text()

    mended(shop, 1)  # typed, it is about the plan's own incident first
    assert open_kinds(shop) == ["meta"]
    page.write_text(page.read_text().replace('decision: ""', "decision: resume"))
    assert shop.door("andon", "resolve", "1").code == 0
    assert open_kinds(shop) == []


def test_what_asks_for_more_than_an_edit_is_not_dropped_with_its_plan(scripted: Scripted) -> None:
    shop = in_plan_mode(scripted, "levels: {attempts: 4}")
    meta_page(shop).write_text(meta_page(shop).read_text().replace("decision:", "decision: drop"))

    shop.door("watch", "--once")

    assert open_kinds(shop) == ["attempts"]
    assert "status: rejected" in shop.read("plans/fix.md")


def test_a_plan_that_a_lab_may_have_set_ready_waits_for_a_person(scripted: Scripted) -> None:
    shop = scripted([small_maker(1), *judges()])
    shop.plan("small", small_plan(1, budget="{tokens: 100}"))
    assert shop.door("run", "small").code == 3
    assert open_kinds(shop) == ["budget"]
    a_command_seems_to_run(shop)
    shop.plan("small", small_plan(1))

    watched = shop.door("watch", "--once", "--json")

    assert watched.code == 3
    assert "no person's word" in watched.err
    assert open_kinds(shop) == ["budget"]
    assert shop.door("run", "small", "--json").json["landed"]  # typed: that is one


# ---------------------------------------------------------------- a checkout that is busy


def test_a_watcher_tries_a_page_that_it_cannot_write_once_and_ends(scripted: Scripted) -> None:
    shop = scripted([*judges()])
    assert shop.door("andon", "pull", "wait").code == 0
    shop.git("rm", "-q", page_of(shop))
    shop.git("commit", "-qm", "away with it")
    (shop.path / ".git/index.lock").touch()

    told = shop.door("watch", "--once")

    assert told.code == 2, told.err
    assert told.err.count("isn't written: the mainline's checkout is busy") <= 2  # by the job, and by the watcher
    (shop.path / ".git/index.lock").unlink()
    shop.door("watch", "--once")
    assert "pull" in shop.read(page_of(shop))


@pytest.mark.parametrize("where", ["busy", "detached"])
def test_the_cord_can_be_pulled_from_anywhere(scripted: Scripted, where: str) -> None:
    shop = scripted([*judges()])
    if where == "busy":
        (shop.path / ".git/index.lock").touch()
    else:
        shop.git("switch", "-q", "--detach")

    told = shop.door("andon", "pull", "prices are wrong")

    assert told.code == 0, told.err
    assert shop.door("status").code == 3
    assert [row["run"] for row in incidents(shop)] == [1]
    (shop.path / ".git/index.lock").unlink(missing_ok=True)
    shop.git("switch", "-q", "main")
    assert shop.door("andon", "resolve", "1").code == 1
    assert "prices are wrong" in shop.read(page_of(shop))


# ---------------------------------------------------------------- refusals, clones


def test_the_bundle_of_a_second_rejection_is_where_its_page_says(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    for number in (1, 2):
        shop.plan("fix", PLAN.replace("merge: auto", "merge: human"))
        assert shop.door("run", "fix").code == 0
        assert shop.door("reject", str(number)).code == 0

    assert open_kinds(shop) == ["user-failures"]
    assert "refs/loopwright/runs/2:incident-1" in shop.read(page_of(shop, 2))
    assert '"user-failures"' in shop.git("show", "refs/loopwright/runs/2:incident-1/failure.json")


def test_a_clone_says_what_it_lacks_to_resolve(scripted: Scripted, tmp_path_factory: pytest.TempPathFactory) -> None:
    shop = stopped_shop(scripted)
    shop.write(
        page_of(shop),
        filled_in(shop.read(page_of(shop)), check="test -f src/pricing.py").replace(
            "`tests/test_total.py`", "`src/pricing.py`"
        ),
    )
    shop.commit("filled in")
    place = tmp_path_factory.mktemp("clone") / "shop"
    shop.git("clone", "-q", "--no-local", "--single-branch", "--no-tags", str(shop.path), str(place))

    told = shop.door("-C", str(place), "andon", "resolve", "1", "--json")

    assert told.code == 1, told.err
    assert any("git fetch REMOTE 'refs/loopwright/*:refs/loopwright/*'" in each for each in told.json["missing"])


# ---------------------------------------------------------------- keys


def test_no_process_that_a_watcher_starts_begins_with_a_key(scripted: Scripted) -> None:
    shop = scripted([maker(bash("sleep 60")), *judges()])
    watch = shop.door.start("watch")
    try:
        shop.plan("fix")
        below = until(
            lambda: [pid for pid in offspring(watch.pid) if b"forkserver" in told(pid, "cmdline")], seconds=60
        )
        until(lambda: shop.claims == ["fix"], seconds=60)
        environments = [told(pid, "environ") for pid in (*below, *offspring(watch.pid))]
        assert any(b"HOME=" in environment for environment in environments)
        assert not any(KEY.encode() in environment for environment in environments)
    finally:
        watch.signal(2)
        watch.wait()


def offspring(pid: int) -> list[int]:
    """The processes below one, of those that live on: one that ends while it is looked at has none."""
    children = [int(child) for child in told(pid, f"task/{pid}/children").split()]
    return [below for child in children for below in (child, *offspring(child))]


def told(pid: int, what: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{what}").read_bytes()
    except OSError:
        return b""
