"""`kill -9` while an incident opens, is closed or pulled by hand: the next command finishes, and nothing is doubled."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .conftest import GOOD, PRICING, Scripted, Shop, judges, small_maker, small_plan
from .incidents import COUNTER, TEST, WORSE, failing_plan, filled_in, hopeless, incidents, page_of, stopped_shop
from .test_killing import an_outsider_commits, notes
from .test_plan_mode import failed, meta_page

REFS = "refs/loopwright/andon"


def refs(shop: Shop) -> list[str]:
    return shop.git("for-each-ref", "--format=%(refname)", REFS).split()


def logged(shop: Shop, verb: str) -> list[str]:
    """The lines of the log on main with a verb."""
    return re.findall(rf"(?m)^## \[[\d-]+\] {verb} \| .*$", shop.git("show", "main:wiki/log.md"))


def as_one(shop: Shop) -> None:
    """The ref of an incident is there exactly while main has its page open, and the checkout is as main."""
    for page in shop.git("ls-tree", "-r", "--name-only", "main", "wiki/90_LOG").splitlines():
        if named := re.search(r"-(?:andon|meta)-gen-(\d+)\.md$", page):
            name = f"{named[1]}-{'meta' if '-meta-' in page else 1}"
            is_open = "\nstatus: open\n" in shop.git("show", f"main:{page}")
            assert is_open is any(ref.endswith(f"/{name}") for ref in refs(shop)), page
    assert shop.git("status", "--porcelain") == ""


def fill(shop: Shop, run: int = 1, *, goal_later: str = "the plan itself brings it") -> None:
    shop.write(page_of(shop, run), filled_in(shop.read(page_of(shop, run)), goal_later=goal_later))


def mend(shop: Shop, branch: str = "") -> None:
    """The countermeasure, committed: on main, or on a branch of its own."""
    if branch:
        shop.git("switch", "-qc", branch)
    shop.write("tests/test_total.py", TEST)
    shop.write("src/pricing.py", PRICING)
    shop.commit("a test of the empty total")
    if branch:
        shop.git("switch", "-q", "main")


def spoil(shop: Shop) -> None:
    """What a person sees who then pulls the cord."""
    shop.write("src/pricing.py", WORSE)
    shop.commit("prices are wrong")


def pulled(shop: Shop, run: int = 1) -> None:
    """A cord that was pulled as gen-N, mended on a branch, with its page filled in."""
    spoil(shop)
    assert shop.door("andon", "pull", "prices are wrong").code == 0
    mend(shop, "mend")
    fill(shop, run, goal_later="")


# ---------------------------------------------------------------- it opens


@pytest.mark.parametrize("point", ["andon:noted", "andon:stopped", "andon:opened"])
@pytest.mark.parametrize("again", [("run", "fix"), ("resume", "1"), ("watch", "--once")])
def test_an_incident_whose_run_was_killed_is_opened_once(scripted: Scripted, point: str, again: list[str]) -> None:
    shop = scripted([hopeless(), *judges()])
    shop.configure("loops: {execution: {attempts-per-chunk: 1}}")
    shop.plan("fix")
    assert shop.door("run", "fix", crash=point).code == -9
    commits = an_outsider_commits(shop)

    assert shop.door(*again).code == 3

    assert notes(shop) == commits
    (row,) = incidents(shop)
    assert (row["status"], row["page"]) == ("open", page_of(shop))
    assert len(logged(shop, "andon")) == 1
    assert "status: stopped" in shop.read("plans/fix.md")
    assert shop.claims == []
    as_one(shop)


def test_an_incident_is_not_closed_before_the_run_that_opened_it_is_over_so_that_it_stays_closed(
    scripted: Scripted,
) -> None:
    shop = scripted([hopeless(), *judges()])
    shop.configure("loops: {execution: {attempts-per-chunk: 1}}")
    shop.plan("fix")
    assert shop.door("run", "fix", crash="andon:opened").code == -9
    mend(shop)
    fill(shop)

    told = shop.door("andon", "resolve", "1")

    assert (told.code, "`loopwright resume 1` finishes it" in told.err) == (2, True)
    assert shop.door("resume", "1").code == 3
    assert shop.door("andon", "resolve", "1").code == 0
    assert shop.door("resume", "1").code == 3  # the same run told again
    assert refs(shop) == []


@pytest.mark.parametrize("point", ["meta:noted", "meta:stopped", "meta:opened", "meta:drafted"])
def test_a_plan_mode_whose_run_was_killed_is_opened_and_drafted_once(scripted: Scripted, point: str) -> None:
    shop = failed(scripted, 2)
    assert shop.door("run", failing_plan(shop, 3), crash=point).code == -9
    commits = an_outsider_commits(shop)

    assert shop.door("resume", "3").code == 3

    assert notes(shop) == commits

    assert meta_page(shop).read_text().count("`plans/ask-first.md`, a draft") == 1
    assert [path.name for path in shop.path.glob("plans/ask-first*")] == ["ask-first.md"]
    assert len(shop.model.asked("planner")) == 1
    assert len(logged(shop, "meta-andon")) == 1
    assert shop.claims == []
    as_one(shop)


# ---------------------------------------------------------------- it is closed


def closed_once(shop: Shop, run: int = 1) -> None:
    assert [row["status"] for row in incidents(shop)] == ["resolved"]
    assert shop.git("show", f"main:{page_of(shop, run)}").count("\nstatus: resolved\n") == 1
    assert len(logged(shop, "resolved")) == 1
    assert shop.git("show", "main:agents/STANDARDS.md").count("### S-") == 1
    assert shop.door("status").code == 0
    as_one(shop)


@pytest.mark.parametrize(
    "point", ["andon:earned", "land:locked", "land:moved", "follow:files", "follow:index", "andon:closed"]
)
def test_closing_that_was_killed_is_finished_by_the_same_command(scripted: Scripted, point: str) -> None:
    shop = stopped_shop(scripted)
    mend(shop)
    fill(shop)
    assert shop.door("andon", "resolve", "1", crash=point).code == -9
    is_open = "\nstatus: open\n" in shop.git("show", f"main:{page_of(shop)}")
    assert refs(shop) == ([f"{REFS}/plan/fix/1-1"] if is_open else [])
    commits = an_outsider_commits(shop)

    told = shop.door("andon", "resolve", "1")

    assert told.code == 0, told.err
    closed_once(shop)
    assert notes(shop) == commits
    assert "status: ready" in shop.read("plans/fix.md")


LANDING = ["claim:claimed", "verify:merged", "verify:gated", "land:locked", "land:moved", "close:recorded"]


@pytest.mark.parametrize("point", [*LANDING, "close:released", "andon:earned", "andon:closed"])
def test_a_branch_whose_landing_was_killed_lands_on_the_line_that_it_mends(scripted: Scripted, point: str) -> None:
    shop = scripted([*judges()])
    pulled(shop)
    assert shop.door("andon", "resolve", "1", "--branch", "mend", crash=point).code == -9
    commits = an_outsider_commits(shop)

    told = shop.door("andon", "resolve", "1", "--branch", "mend")

    assert told.code == 0, told.out + told.err
    assert notes(shop) == commits
    assert shop.git("log", "--first-parent", "--format=%s", "main").count("resolve andon-gen-1-1") == 1
    closed_once(shop)
    assert shop.claims == []
    assert shop.door("fsck").code == 0


@pytest.mark.parametrize("command", [("resume", "2"), ("watch", "--once")])
def test_its_run_alone_can_be_gone_on_with_too(scripted: Scripted, command: tuple[str, ...]) -> None:
    shop = scripted([*judges()])
    pulled(shop)
    assert shop.door("andon", "resolve", "1", "--branch", "mend", crash="verify:gated").code == -9

    told = shop.door(*command)

    assert told.code == 0, told.err
    assert shop.git("show", "main:tests/test_total.py")
    assert shop.door("status").code == 3  # that it landed closes nothing
    assert shop.door("andon", "resolve", "1", "--branch", "mend").code == 0
    closed_once(shop)


def test_what_was_committed_to_the_branch_since_lands_as_well(scripted: Scripted) -> None:
    shop = scripted([*judges()])
    pulled(shop)
    assert shop.door("andon", "resolve", "1", "--branch", "mend", crash="verify:gated").code == -9
    shop.git("stash", "-q")
    shop.git("switch", "-q", "mend")
    shop.write("src/pricing.py", GOOD)
    shop.commit("percent")
    shop.git("switch", "-q", "main")
    shop.git("stash", "pop", "-q")

    told = shop.door("andon", "resolve", "1", "--branch", "mend")

    assert told.code == 0, told.out + told.err
    assert "/ 100" in shop.git("show", "main:src/pricing.py")
    closed_once(shop)


def test_a_run_that_was_killed_can_be_rejected_on_a_stopped_line(scripted: Scripted) -> None:
    shop = scripted([small_maker(1), *judges()])
    shop.plan("small", small_plan(1))
    assert shop.door("run", "small", crash="chunk:made").code == -9
    pulled(shop, run=2)
    assert shop.door("andon", "resolve", "2", "--branch", "mend", crash="verify:gated").code == -9
    assert shop.door("resume", "1").code == 3

    for run in ("1", "3"):
        assert shop.door("reject", run).code == 0

    assert shop.claims == []
    assert "status: rejected" in shop.read("plans/small.md")
    assert shop.door("status").code == 3
    assert shop.door("andon", "resolve", "2", "--branch", "mend").code == 0
    assert shop.door("status").code == 0


@pytest.mark.parametrize("point", ["andon:earned", "land:locked", "land:moved", "andon:closed"])
def test_a_decision_whose_command_was_killed_is_carried_out_once(scripted: Scripted, point: str) -> None:
    shop = failed(scripted, 3)
    page = meta_page(shop)
    page.write_text(page.read_text().replace("decision:", "decision: drop"))
    assert shop.door("andon", "resolve", "3", crash=point).code == -9
    commits = an_outsider_commits(shop)

    assert shop.door("andon", "resolve", "3").code == 0

    assert notes(shop) == commits

    assert "status: rejected" in shop.read("plans/fix-3.md")
    assert [row["run"] for row in incidents(shop) if row["status"] == "open"] == [1, 2]
    assert len(logged(shop, "decided")) == 1
    as_one(shop)


# ---------------------------------------------------------------- a person pulls the cord


def notified(shop: Shop, tmp_path: Path) -> Path:
    told = tmp_path / "told"
    shop.configure(f'notify: "echo >>{told}"')
    return told


NEXT = [("andon", "resolve", "1"), ("watch", "--once"), ("run", "small"), ("andon", "pull", "again")]


def test_whoever_is_to_be_told_is_told_of_a_pulled_cord(shop: Shop, tmp_path: Path) -> None:
    told = notified(shop, tmp_path)

    shop.door("andon", "pull", "prices are wrong")

    assert told.read_text().split() == [str(shop.path / page_of(shop))]


@pytest.mark.parametrize("point", ["pull:stopped", "pull:opened"])
@pytest.mark.parametrize("command", NEXT)
def test_a_cord_whose_puller_was_killed_gets_its_page_from_the_next_command(
    scripted: Scripted, tmp_path: Path, point: str, command: tuple[str, ...]
) -> None:
    shop = scripted([small_maker(1), *judges()])
    told = notified(shop, tmp_path)
    shop.plan("small", small_plan(1))
    spoil(shop)
    assert shop.door("andon", "pull", "prices are wrong", crash=point).code == -9
    status = shop.door("status")
    assert (status.code, "(pull, gen-1): prices are wrong" in status.out) == (3, True)
    assert "loopwright andon resolve 1" in status.out
    commits = an_outsider_commits(shop)

    shop.door(*command)
    shop.door("watch", "--once")

    assert notes(shop) == commits

    assert "prices are wrong" in shop.git("show", f"main:{page_of(shop)}")
    assert told.read_text().split().count(str(shop.path / page_of(shop))) == 1
    assert len([line for line in logged(shop, "andon") if "gen-1)" in line]) == 1
    mend(shop)
    fill(shop, goal_later="")
    assert shop.door("andon", "resolve", "1").code == 0
    assert next(row["status"] for row in incidents(shop)) == "resolved"


def test_a_cord_whose_puller_was_killed_before_anything_stood_still_is_pulled_again(shop: Shop) -> None:
    assert shop.door("andon", "pull", "prices are wrong", crash="pull:noted").code == -9
    assert shop.door("status").code == 0

    assert shop.door("andon", "pull", "prices are wrong").code == 0

    assert [(row["run"], row["status"]) for row in incidents(shop)] == [(2, "open")]
    as_one(shop)


# ---------------------------------------------------------------- its page is gone


def deleted(shop: Shop, page: str) -> str:
    """What the page held, which a person deletes in a commit."""
    text = shop.read(page)
    shop.git("rm", "-q", page)
    shop.git("commit", "-qm", "tidied up")
    return text


def test_a_deleted_page_is_written_anew_as_it_opened_and_can_be_closed(scripted: Scripted) -> None:
    shop = stopped_shop(scripted)
    page = page_of(shop)
    text = deleted(shop, page)
    (row,) = incidents(shop)
    assert (row["status"], row["kind"], row["way_on"]) == (
        "open",
        "attempts",
        "`loopwright andon resolve 1` writes its page",
    )

    told = shop.door("andon", "resolve", "1", "--json")

    assert told.code == 1
    assert any("root cause" in missing for missing in told.json["missing"])
    again = re.sub(r"(?m)^\| mainline \|.*$", "", shop.git("show", f"main:{page}"))
    assert again == re.sub(r"(?m)^\| mainline \|.*$", "", text).rstrip("\n")
    assert len(logged(shop, "andon")) == 1
    mend(shop)
    fill(shop)
    assert shop.door("andon", "resolve", "1").code == 0
    closed_once(shop)


def test_a_page_whose_deletion_is_not_committed_is_fetched_back_by_the_person(scripted: Scripted) -> None:
    shop = stopped_shop(scripted)
    page = page_of(shop)
    text = shop.read(page)
    (shop.path / page).unlink()

    told = shop.door("andon", "resolve", "1")

    assert told.code == 2
    (command,) = re.findall(r"`(git checkout [^`]*)`", told.err)
    shop.git(*command.split()[1:])
    assert shop.read(page) == text


def test_the_page_of_a_plan_mode_comes_back_with_its_draft_and_nobody_is_asked_again(scripted: Scripted) -> None:
    shop = failed(scripted, 3)
    page = meta_page(shop).relative_to(shop.path).as_posix()
    text = deleted(shop, page)
    assert "go on: `loopwright andon resolve 3` writes its page" in shop.door("status").out

    assert shop.door("watch", "--once").code == 0

    assert shop.read(page) == text
    assert len(shop.model.asked("planner")) == 1
    shop.write(page, text.replace("decision:", "decision: resume"))
    assert shop.door("watch", "--once").code == 0
    assert f"{REFS}/line/3-meta" not in refs(shop)


def test_in_a_clone_without_the_journal_the_run_s_record_tells(
    scripted: Scripted, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shop = stopped_shop(scripted)
    page = page_of(shop)
    deleted(shop, page)
    place = tmp_path_factory.mktemp("clone") / "shop"
    shop.git("clone", "-q", str(shop.path), str(place))
    clone = Shop(place, type(shop.door)(place, shop.door.env))
    clone.git("fetch", "-q", "origin", "refs/loopwright/*:refs/loopwright/*")
    (row,) = incidents(clone)
    assert (row["kind"], row["level"], row["page"]) == ("attempts", 2, page)

    assert clone.door("andon", "resolve", "1").code == 1

    assert "AssertionError: 7 != 6" in clone.read(page)


def test_an_incident_of_which_nothing_is_left_but_its_ref_can_be_filled_in_and_closed(shop: Shop) -> None:
    shop.git("update-ref", f"{REFS}/line/1-1", "HEAD")
    status = shop.door("status")
    assert (status.code, "`loopwright andon resolve 1` writes its page" in status.out) == (3, True)

    assert shop.door("andon", "resolve", "1").code == 1

    mend(shop)
    text = filled_in(shop.read(page_of(shop)), check=COUNTER, goal_later="")
    head, title, _ = text.partition("## Horizontal sweep\n")
    shop.write(page_of(shop), f"{head}{title}\nNothing else.\n")
    told = shop.door("andon", "resolve", "1")
    assert told.code == 0, told.out + told.err
    assert shop.door("status").code == 0


# ---------------------------------------------------------------- a ref that is none of ours


@pytest.mark.parametrize("name", ["line/x", "line/1", "line/01-1", "line/1-1/2", "line/x-y", "line/$(id)", "line/1-1"])
def test_a_ref_with_an_odd_name_stops_the_line_and_no_command(scripted: Scripted, name: str) -> None:
    shop = scripted([hopeless(when="Divide"), small_maker(1), *judges()])
    shop.configure("loops: {execution: {attempts-per-chunk: 1}}")
    shop.plan("fix")
    assert shop.door("run", "fix").code == 3
    shop.plan("small", small_plan(1))
    shop.git("update-ref", f"{REFS}/{name}", "HEAD")

    status = shop.door("status", "--json")

    assert (status.code, status.json["line"]) == (3, "stopped")
    assert [row["run"] for row in incidents(shop)] == [0, 1]
    told = shop.door("run", "small")
    assert (told.code, f"`{REFS}/{name}`" in told.err) == (3, True)
    assert shop.door("watch", "--once").code == 3
    assert shop.door("andon", "list").code == 0
    assert shop.door("andon", "show", "1").code == 0
    assert shop.door("andon", "resolve", "1").code == 1
    assert shop.door("andon", "pull", "what is this?").code == 0
    assert shop.door("status").code == 3
    (command,) = re.findall(r"`git update-ref -d ([^`]*)`", incidents(shop)[0]["way_on"])
    shop.git("update-ref", "-d", command.strip("'"))
    assert [row["run"] for row in incidents(shop)] == [1, 2]


def test_a_ref_with_an_odd_name_stops_its_plan_alone(scripted: Scripted) -> None:
    shop = scripted([small_maker(1), small_maker(2), *judges()])
    shop.plan("one", small_plan(1))
    shop.plan("two", small_plan(2))
    shop.git("update-ref", f"{REFS}/plan/one/x/y", "HEAD")
    shop.git("update-ref", f"{REFS}/elsewhere", "HEAD")  # below neither: it stops nothing

    assert shop.door("run", "two").code == 0

    told = shop.door("run", "one")
    assert (told.code, f"{REFS}/plan/one/x/y" in told.err) == (3, True)
    assert "one IS STOPPED" in shop.door("status").out
