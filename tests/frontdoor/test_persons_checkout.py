"""The person's checkout is never a workplace: it follows what landed, path by path, and all else in it stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from loopwright.testing.frontdoor import FrontDoor, at_work, until
from loopwright.testing.script import Script, Session
from loopwright.vocabulary import OWNED, matches

from .conftest import GOOD, PLAN, PRICING, Scripted, Shop, bash, good_maker, judges, maker, verdict, write

Facts = dict[str, object]

HUMAN = PLAN.replace("merge: auto", "merge: human")


def lived_in(shop: Shop) -> None:
    """The checkout of somebody at work: a stash, own configuration, staged, dirty, untracked, ignored files."""
    shop.write("docs/a.txt", "one\n")
    shop.write("docs/b.txt", "one\n")
    shop.write("docs/c.txt", "one\n")
    shop.write(".gitignore", "*.tmp\n")
    shop.commit("docs")
    shop.write("docs/a.txt", "put away\n")
    shop.git("stash", "push", "-qm", "for later")
    shop.write("docs/a.txt", "dirty\n")
    shop.write("docs/b.txt", "staged\n")
    shop.git("add", "docs/b.txt")
    shop.write("docs/b.txt", "staged, and dirty again\n")
    shop.git("rm", "-q", "--cached", "docs/c.txt")
    shop.write("todo.txt", "untracked\n")
    shop.write("x.tmp", "ignored\n")
    (shop.path / "todo.txt").chmod(0o755)
    config = shop.path / ".git/config"
    config.write_text(config.read_text() + "; a person's own words\n[alias]\n\tst = status\n")


def facts(shop: Shop, landed: tuple[str, ...] = ()) -> Facts:
    """All of a checkout that a run must leave alone: everything but what landed and what loopwright owns."""

    def ours(path: str) -> bool:
        return path in landed or matches(path, (*OWNED, "plans/*.md"))

    index = [line for line in shop.git("ls-files", "-s").splitlines() if not ours(line.split("\t")[1])]
    files = {}
    for path in sorted(shop.path.rglob("*")):
        name = path.relative_to(shop.path).as_posix()
        if path.is_file() and not name.startswith(".git/") and not ours(name):
            stat = path.stat()
            files[name] = (path.read_bytes(), stat.st_mode, stat.st_mtime_ns, stat.st_ino)
    return {
        "HEAD": (shop.path / ".git/HEAD").read_bytes(),
        "index": index,
        "stash": shop.git("stash", "list", "--format=%H %gs"),
        "config": (shop.path / ".git/config").read_bytes(),
        "files": files,
        "remotes": shop.git("remote", "-v"),
        "hooks": sorted(path.name for path in (shop.path / ".git/hooks").iterdir()),
    }


@dataclass(frozen=True)
class Story:
    """A whole run: its script, plan and what a person does after it; the status that the plan ends with."""

    script: Callable[[], list[Session]]
    plan: str
    status: str
    then: tuple[str, ...] = ()
    landed: tuple[str, ...] = ()


def no_review() -> list[Session]:
    checker, goal, _ = judges()
    return [good_maker(), checker, goal, Session(role="reviewer", turns=[verdict("reject", "no")])]


STORIES = {
    "landed": Story(lambda: [good_maker(), *judges()], PLAN, "done", landed=("src/pricing.py",)),
    "rolled back": Story(lambda: [good_maker(), *judges()], PLAN, "rejected", ("rollback", "1"), ("src/pricing.py",)),
    "in review": Story(lambda: [good_maker(), *judges()], HUMAN, "review"),
    "rejected": Story(lambda: [good_maker(), *judges()], HUMAN, "rejected", ("reject", "1")),
    "failed": Story(no_review, PLAN, "failed"),
    "stopped": Story(lambda: [maker(bash("true")), *judges()], PLAN, "stopped"),
}


@pytest.mark.parametrize("name", STORIES)
def test_all_that_is_not_landed_or_loop_owned_stays_as_it_was(scripted: Scripted, name: str) -> None:
    story = STORIES[name]
    shop = scripted(story.script())
    lived_in(shop)
    shop.plan("fix", story.plan)
    before = facts(shop, story.landed)

    shop.door("run", "fix")
    if story.then:
        shop.door(*story.then)

    assert f"status: {story.status}" in shop.read("plans/fix.md")
    assert facts(shop, story.landed) == before
    assert shop.git("status", "--porcelain").splitlines() == [
        " M docs/a.txt",
        "MM docs/b.txt",
        "D  docs/c.txt",
        "?? docs/c.txt",
        "?? todo.txt",
    ]


# ---------------------------------------------------------------- edits that overlap


def edit(shop: Shop) -> None:
    shop.write("src/pricing.py", f"{PRICING}\n# mine\n")


def edit_and_stage(shop: Shop) -> None:
    edit(shop)
    shop.git("add", "src/pricing.py")


def stage_and_undo(shop: Shop) -> None:
    edit_and_stage(shop)
    shop.write("src/pricing.py", PRICING)


def delete(shop: Shop) -> None:
    (shop.path / "src/pricing.py").unlink()


def make_a_folder_of_it(shop: Shop) -> None:
    delete(shop)
    shop.write("src/pricing.py/mine.txt", "mine\n")


OVERLAPS = [edit, edit_and_stage, stage_and_undo, delete, make_a_folder_of_it]


@pytest.mark.parametrize("overlap", OVERLAPS)
def test_an_edit_that_overlaps_holds_the_landing_until_it_is_gone(
    scripted: Scripted, overlap: Callable[[Shop], None]
) -> None:
    shop = scripted([good_maker(), *judges()])
    lived_in(shop)
    overlap(shop)
    shop.plan("fix")
    before = facts(shop)

    told = shop.door("run", "fix", "--json")

    assert (told.code, told.json["outcome"], told.json["landed"], told.json["status"]) == (0, "met", False, "review")
    assert "src/pricing.py" in told.json["held"]
    assert "status: review" in shop.read("plans/fix.md")
    assert "src/pricing.py" in shop.page(1)
    assert facts(shop) == before
    again = shop.door("land", "1", "--json")
    assert (again.code, again.json["landed"]) == (0, False)
    assert facts(shop) == before
    asked = len(shop.model.requests)

    shop.git("rm", "-rqf", "--cached", "src/pricing.py")
    if (shop.path / "src/pricing.py").is_dir():
        (shop.path / "src/pricing.py/mine.txt").unlink()
        (shop.path / "src/pricing.py").rmdir()
    shop.git("checkout", "-q", "HEAD", "--", "src/pricing.py")
    landed = shop.door("land", "1", "--json")

    assert (landed.code, landed.json["landed"], landed.json["status"], landed.json["held"]) == (0, True, "done", None)
    assert shop.read("src/pricing.py") == GOOD
    assert len(shop.model.requests) == asked
    assert shop.door("fsck", "--json").json["findings"] == []


def test_an_untracked_file_in_the_way_of_a_new_one_holds_the_landing(scripted: Scripted) -> None:
    shop = scripted([maker(write("src/pricing.py", GOOD), write("src/new.py", "made\n")), *judges()])
    shop.write("src/new.py", "mine\n")
    shop.plan("fix")

    told = shop.door("run", "fix", "--json")

    assert "src/new.py" in told.json["held"]
    assert shop.read("src/new.py") == "mine\n"
    assert shop.read("src/pricing.py") == PRICING.lstrip()
    (shop.path / "src/new.py").unlink()
    assert shop.door("land", "1", "--json").json["landed"]
    assert shop.read("src/new.py") == "made\n"


def test_the_very_edit_that_would_land_is_no_obstacle(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.write("src/pricing.py", GOOD)
    shop.plan("fix")

    assert shop.door("run", "fix", "--json").json["landed"]

    assert shop.git("status", "--porcelain") == ""


def test_a_merge_under_way_holds_the_landing(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix")
    shop.git("switch", "-qc", "side")
    shop.write("docs/side.txt", "side\n")
    shop.commit("side")
    shop.git("switch", "-q", "main")
    shop.git("merge", "-q", "--no-ff", "--no-commit", "side")

    told = shop.door("run", "fix", "--json")

    assert (told.code, told.json["landed"]) == (0, False), told.err
    assert "a merge is under way" in told.json["held"]
    assert (shop.path / ".git/MERGE_HEAD").exists()
    shop.git("commit", "-qm", "merged")
    assert shop.door("land", "1", "--json").json["landed"]
    assert shop.read("docs/side.txt") == "side\n"


def test_the_watcher_lands_what_was_held_once_the_edit_is_gone(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    edit(shop)
    shop.plan("fix")

    with at_work(shop.door, "watch"):
        until(lambda: "status: review" in shop.read("plans/fix.md") and not shop.claims, what="held")
        shop.git("checkout", "-q", "--", "src/pricing.py")
        until(lambda: "status: done" in shop.read("plans/fix.md") and not shop.claims, what="landed")

    assert shop.read("src/pricing.py") == GOOD
    assert [row["run"] for row in shop.door("runs", "--json").json["runs"]] == [1]


# ---------------------------------------------------------------- where the mainline is


def test_with_another_branch_checked_out_only_the_mainline_moves(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix")
    shop.commit("a plan")
    shop.git("switch", "-qc", "feature")
    lived_in(shop)
    before, everything = facts(shop), {path: path.read_bytes() for path in shop.path.glob("[!.]*/*") if path.is_file()}

    told = shop.door("run", "fix", "--json")

    assert told.json["landed"], told.err
    assert facts(shop) == before
    assert {path: path.read_bytes() for path in everything} == everything
    assert shop.git("rev-parse", "--abbrev-ref", "HEAD") == "feature"
    assert shop.git("show", "main:src/pricing.py") + "\n" == GOOD
    assert "status: done" in shop.git("show", "main:plans/fix.md")


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    return tmp_path / "linked"


def test_from_a_linked_worktree_the_mainlines_own_checkout_follows(scripted: Scripted, linked: Path) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix")
    shop.commit("a plan")
    lived_in(shop)
    shop.git("worktree", "add", "-q", "-b", "side", str(linked))
    side = Shop(linked, FrontDoor(linked, shop.door.env))
    before, beside = facts(shop, ("src/pricing.py",)), side.git("status", "--porcelain=v2")

    told = side.door("run", "fix", "--json")

    assert told.json["landed"], told.err
    assert shop.read("src/pricing.py") == GOOD
    assert facts(shop, ("src/pricing.py",)) == before
    assert side.read("src/pricing.py") == PRICING.lstrip()
    assert side.git("status", "--porcelain=v2") == beside
    assert (linked / ".git").read_text().startswith("gitdir: ")


def test_a_mainline_that_is_checked_out_in_a_linked_worktree_follows_there(scripted: Scripted, linked: Path) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.git("switch", "-qc", "side")
    shop.git("worktree", "add", "-q", str(linked), "main")
    lived_in(shop)
    main = Shop(linked, FrontDoor(linked, shop.door.env))
    main.plan("fix")
    before = facts(shop)

    told = main.door("run", "fix", "--json")

    assert told.json["landed"], told.err
    assert main.read("src/pricing.py") == GOOD
    assert main.git("status", "--porcelain") == ""
    assert facts(shop) == before


def test_from_a_folder_inside_the_repository_it_is_the_same_run(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix")
    inside = FrontDoor(shop.path / "src", shop.door.env)

    assert inside("run", "../plans/fix.md", "--json").json["landed"]

    assert shop.read("src/pricing.py") == GOOD
    assert shop.door("-C", "src", "run", "fix", "--json").json["run"] == 1


# ---------------------------------------------------------------- a plan that is edited meanwhile


def test_a_plan_edited_while_it_runs_finishes_the_version_that_was_claimed_and_says_so(scripted: Scripted) -> None:
    shop = scripted([])
    begun, edited = shop.path.parent / "begun", shop.path.parent / "edited"
    waits = bash(f"touch {begun}; for i in $(seq 300); do test -e {edited} && break; sleep 0.1; done")
    shop.model.script = Script([maker(waits, write("src/pricing.py", GOOD)), *judges()])
    shop.plan("fix")

    running = shop.door.start("run", "fix", "--json")
    until(begun.exists)
    shop.write("plans/fix.md", shop.read("plans/fix.md").replace("is a percentage", "is generous"))
    edited.touch()
    result = running.wait().json

    assert result["landed"]
    (note,) = [note for note in result["notes"] if "was edited while it ran" in note]
    assert note in shop.page(1)
    assert "# A discount is a percentage" in shop.git("show", "refs/loopwright/runs/1:plan.md")
    assert shop.git("log", "-1", "--format=%s", "gen-1") == "land fix: A discount is a percentage (gen-1)"
    assert "# A discount is generous" in shop.read("plans/fix.md")
    assert "status: done" in shop.read("plans/fix.md")
    assert shop.git("status", "--porcelain") == " M plans/fix.md"
    assert "-# A discount is a percentage\n+# A discount is generous" in shop.git("diff")


def test_staged_words_in_a_plan_stay_staged_and_only_the_status_line_changes(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix")
    shop.commit("a plan")
    shop.write("plans/fix.md", shop.read("plans/fix.md") + "\n## Risks\n- staged words\n")
    shop.git("add", "plans/fix.md")
    shop.write("plans/fix.md", shop.read("plans/fix.md") + "- words on disk\n")

    assert shop.door("run", "fix", "--json").json["landed"]

    staged, unstaged = shop.git("diff", "--cached", "-U0"), shop.git("diff", "-U0")
    assert added(staged) == ["", "## Risks", "- staged words"]
    assert added(unstaged) == ["- words on disk"]
    for version in (
        shop.read("plans/fix.md"),
        shop.git("show", ":plans/fix.md"),
        shop.git("show", "HEAD:plans/fix.md"),
    ):
        assert version.count("status: done") == 1


def added(diff: str) -> list[str]:
    assert [line for line in diff.splitlines() if line.startswith("-") and not line.startswith("---")] == []
    return [line[1:] for line in diff.splitlines() if line.startswith("+") and not line.startswith("+++")]
