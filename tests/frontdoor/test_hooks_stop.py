"""While the whole line is stopped, git itself refuses to move the mainline or to push it, however it is asked to."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from .conftest import PLAN, Scripted, Shop, good_maker, judges, settled
from .guarding import INCIDENT, STOPPED, Person, at_work, with_remote

PAGE = "wiki/90_LOG/2026-11-21-andon-gen-7.md"
HEAD = "---\ntype: andon\nstatus: open\nrun: 7\nscope: line\n---\n"


@pytest.fixture
def person(shop: Shop) -> Person:
    """Main checked out, `side` one commit ahead of it, hooks in, and the line stopped."""
    shop.plan("fix")
    found = with_remote(shop)
    found.edits("a.txt", "a\n")
    found.git("switch", "-qc", "side")
    found.edits("b.txt", "b\n")
    found.git("switch", "-q", "main")
    assert shop.door("init", "--hooks").code == 0
    found.stop_the_line()
    return found


# ---------------------------------------------------------------- moves

MOVES = (
    ("git", "commit", "-qm", "x", "--allow-empty"),
    ("git", "commit", "-qm", "x", "--allow-empty", "--no-verify"),
    ("git", "commit", "-q", "--amend", "--no-edit", "--allow-empty", "-m", "y"),
    ("git", "merge", "-q", "side"),
    ("git", "merge", "-q", "--no-ff", "--no-edit", "side"),
    ("git", "pull", "-q", ".", "side"),
    ("git", "rebase", "-q", "side"),
    ("git", "cherry-pick", "side"),
    ("git", "revert", "--no-edit", "HEAD"),
    ("git", "reset", "-q", "--hard", "HEAD~1"),
    ("git", "checkout", "-q", "-B", "main", "side"),
    ("git", "update-ref", "refs/heads/main", "side"),
    ("git", "update-ref", "-d", "refs/heads/main"),
    ("git", "branch", "-m", "main", "other"),
    ("git", "push", "-q", ".", "side:main"),
    ("git", "-c", "alias.go=commit --allow-empty -m x", "go"),
    (sys.executable, "-c", "import subprocess; raise SystemExit(subprocess.call(['git', 'merge', 'side']))"),
    ("sh", "-c", "git switch -q side && git branch -f main side"),
    ("sh", "-c", "git switch -q side && git branch -D main"),
    ("sh", "-c", "git switch -q side && git push -q --no-verify . side:main"),
    ("sh", "-c", "git switch -q side && git fetch -q . side:main"),
    ("sh", "-c", "git symbolic-ref refs/heads/alias refs/heads/main && git update-ref refs/heads/alias side"),
    ("sh", "-c", "git pack-refs --all && git switch -q side && git branch -D main"),
)


@pytest.mark.parametrize("words", MOVES, ids=" ".join)
def test_main_stays_where_it_is(person: Person, words: Sequence[str]) -> None:
    before = person.tip()

    done = person.tries(*words)

    assert done.returncode != 0
    assert done.stderr.count(STOPPED) == 1
    assert "`loopwright andon list`" in done.stderr
    assert "`loopwright andon resolve 7`" in done.stderr
    assert person.tip() == before
    person.git("update-ref", "-d", INCIDENT)
    person.git("update-ref", "refs/heads/main", "side")  # it was the stop that held it


FREE = (
    ("git", "branch", "feature"),
    ("git", "branch", "-f", "side", "main"),
    ("git", "branch", "-m", "side", "beside"),
    ("git", "branch", "-D", "side"),
    ("git", "tag", "v1"),
    ("git", "stash", "-u"),
    ("git", "reset", "-q", "--hard", "HEAD"),
    ("git", "fetch", "-q", "origin"),
    ("git", "fetch", "-q", ".", "side:main2"),
    ("git", "push", "-q", ".", "side:main2"),
    ("git", "gc", "-q"),
    ("git", "pack-refs", "--all"),
    ("git", "pack-refs", "--all", "--no-prune"),
    ("git", "update-ref", "refs/heads/feature/main", "side"),
    ("git", "worktree", "add", "-q", "../tree", "side"),
    ("sh", "-c", "git switch -q side && git commit -qm x --allow-empty && git switch -q main"),
)


@pytest.mark.parametrize("words", FREE, ids=" ".join)
def test_all_else_moves_freely(person: Person, words: Sequence[str]) -> None:
    done = person.tries(*words)

    assert (done.returncode, STOPPED in done.stderr) == (0, False), done.stderr


def test_it_is_refused_from_wherever_git_is_started(person: Person) -> None:
    top, elsewhere = person.where, person.where.parent
    tree = elsewhere / "a tree"
    person.git("worktree", "add", "-q", str(tree), "side")
    move = ("update-ref", "refs/heads/main", "side")
    ways = [
        person.tries("git", *move, where=top / "src"),
        person.tries("git", *move, where=top / ".git"),
        person.tries("git", "-C", str(top), *move, where=elsewhere),
        person.tries("git", "--git-dir", f"{top.name}/.git", *move, where=elsewhere),
        person.tries("git", *move, where=top / "src", env={"GIT_DIR": "../.git"}),
        person.tries("git", *move, where=Path("/"), env={"GIT_DIR": f"{top}/.git", "GIT_WORK_TREE": str(top)}),
        person.tries("git", *move, where=tree),
        person.tries("git", *move, where=tree / "src"),
    ]

    assert [STOPPED in done.stderr for done in ways] == [True] * len(ways)


def test_an_incident_that_git_has_packed_stops_as_well(person: Person) -> None:
    person.git("pack-refs", "--all")
    assert not (person.where / ".git" / INCIDENT).exists()

    assert STOPPED in person.tries("git", "commit", "--allow-empty", "-m", "x").stderr


def test_where_refs_do_not_lie_in_files_git_is_asked(person: Person) -> None:
    person.git("pack-refs", "--all")
    git = person.where / ".git"
    (git / "reftable").mkdir()
    hidden = git.parent / "packed"  # what a file can't tell, as in a repository of the reftable format
    asked = person.tries("git", "commit", "--allow-empty", "-m", "x")
    (git / "packed-refs").rename(hidden)

    assert STOPPED in asked.stderr


def test_nothing_is_refused_while_the_line_runs(person: Person) -> None:
    person.git("update-ref", "-d", INCIDENT)

    person.git("merge", "-q", "side")
    person.git("push", "-q", "origin", "main")
    assert person.tip() == person.tip("side")


def test_an_incident_of_one_plan_stops_no_hook(person: Person) -> None:
    person.git("update-ref", "-d", INCIDENT)
    person.git("update-ref", "refs/loopwright/andon/plan/fix/7-1", "HEAD")

    person.git("merge", "-q", "side")


def test_while_the_line_runs_a_commit_costs_no_process_beside_the_shell(person: Person) -> None:
    """With a PATH on which nothing can be found: whatever the hooks started would fail."""
    person.git("update-ref", "-d", INCIDENT)
    (person.where / ".git/packed-refs").unlink(missing_ok=True)
    nothing = person.where.parent / "nothing"
    nothing.mkdir()
    git = person.tries("sh", "-c", "command -v git").stdout.strip()

    done = person.tries(git, "--exec-path=" + str(nothing), "update-ref", "refs/heads/main", "side", env={"PATH": "/x"})

    assert (done.returncode, done.stderr) == (0, "")
    assert person.tip() == person.tip("side")


def test_the_refusal_names_the_page_and_how_to_go_on(person: Person) -> None:
    person.git("update-ref", "-d", INCIDENT)
    pages = [f"wiki/90_LOG/2026-11-21-{name}.md" for name in ("andon-gen-12", "andon-gen-12-2", "meta-gen-13")]
    for page in pages:
        person.edits(page, HEAD)
    for incident in ("12-1", "12-2", "13-meta", "14-1"):
        person.git("update-ref", f"refs/loopwright/andon/line/{incident}", "HEAD")

    told = person.tries("git", "commit", "--allow-empty", "-m", "x").stderr

    assert [line for line in told.splitlines() if line.startswith("  open:")] == [
        f"  open: {pages[0]} (`loopwright andon resolve 12`)",
        f"  open: {pages[1]} (`loopwright andon resolve 12`)",
        f"  open: {pages[2]} (write the decision in that page)",
        "  open: refs/loopwright/andon/line/14-1 (`loopwright andon resolve 14`)",
    ]
    assert "other branches move freely" in told


def test_a_pulled_cord_stops_git_at_once_and_its_page_can_be_shared(shop: Shop) -> None:
    person = with_remote(shop)
    shop.door("init", "--hooks")
    shop.git("add", "-A")
    shop.commit("scaffold")
    person.git("push", "-q", "origin", "main")
    assert shop.door("andon", "pull", "prices are wrong").code == 0
    (page,) = [path.relative_to(shop.path).as_posix() for path in shop.path.glob("wiki/90_LOG/*-andon-gen-1.md")]

    told = person.tries("git", "commit", "--allow-empty", "-m", "x").stderr

    assert f"  open: {page} (`loopwright andon resolve 1`)\n" in told
    person.git("push", "-q", "origin", "main")
    assert page in person.git("ls-tree", "-r", "--name-only", "origin/main")


# ---------------------------------------------------------------- pushes

PLAN_READY = PLAN.lstrip()
SHARED = {
    "the incident's page": {PAGE: HEAD, "wiki/log.md": "## x\n", "wiki/index.md": "x\n"},
    "a page whose name has signs of its own": {'wiki/90_LOG/2026-ä "q" gen-7.md': HEAD},
    "a status line": {"plans/fix.md": PLAN_READY.replace("status: ready", "status: stopped")},
    "a tick": {
        "plans/fix.md": PLAN_READY.replace("hundred\n", "hundred\n- [x] passed in gen-7 at 0123456789\n", 1),
    },
    "a plan that was claimed": {"plans/more.md": PLAN_READY},
    "the standards": {"agents/STANDARDS.md": "### S-1 x\n"},
}
KEPT_BACK = {
    "code": {"c.txt": "c\n"},
    "code with a page": {"c.txt": "c\n", PAGE: HEAD},
    "a plan's words": {"plans/fix.md": PLAN_READY.replace("is 90", "is 91")},
    "a role": {"agents/maker.md": "x\n"},
    "what only looks owned": {"src/wiki/90_LOG/x.py": "x\n", "wiki/log.md.py": "x\n"},
    "a file below the plans": {"plans/more/x.md": "x\n"},
}


def pushed(person: Person, files: dict[str, str]) -> tuple[int, str]:
    """What becomes of a push of main on which loopwright (its own git asks no hooks) has put these files."""
    person.git("push", "-q", "--no-verify", "origin", "main")
    person.git("config", "core.attributesFile", str(person.where.parent / "attributes"))
    (person.where.parent / "attributes").write_text("*.md -diff\n")  # what a diff shows has no say
    for path, text in files.items():
        place = person.where / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    person.git("add", "-A", *files)
    person.git("-c", "core.hooksPath=/dev/null", "commit", "-qm", "on top")
    done = person.tries("git", "push", "-q", "origin", "main")
    return done.returncode, done.stderr


@pytest.mark.parametrize("name", SHARED)
def test_what_loopwright_records_can_be_shared(person: Person, name: str) -> None:
    assert pushed(person, SHARED[name]) == (0, "")


@pytest.mark.parametrize("name", KEPT_BACK)
def test_nothing_else_is_pushed(person: Person, name: str) -> None:
    code, told = pushed(person, KEPT_BACK[name])

    assert (code != 0, told.count(STOPPED)) == (True, 1)
    assert "nothing is pushed to main but the pages and status lines of loopwright" in told


@pytest.mark.parametrize(
    "words",
    [
        ("origin", ":main"),
        ("origin", "side:main"),
        ("origin", "side", "side:refs/heads/main"),
        ("origin", "main:other", "main"),
        ("origin", "--all"),
        ("--mirror", "../origin.git"),
        ("../empty.git", "main"),
        ("origin", ":/an edit:refs/heads/main"),
    ],
    ids=" ".join,
)
def test_no_other_way_to_push_it_is_open(person: Person, words: Sequence[str]) -> None:
    person.git("init", "-q", "--bare", "../empty.git")

    done = person.tries("git", "push", "-q", *words)

    assert (done.returncode != 0, STOPPED in done.stderr) == (True, True), done.stderr


def test_the_remotes_main_is_not_set_back(person: Person) -> None:
    person.git("push", "-q", "--no-verify", "origin", "main")

    assert STOPPED in person.tries("git", "push", "-qf", "origin", "main~1:main").stderr


def test_a_push_over_what_the_person_never_fetched_is_refused(person: Person) -> None:
    other = person.where.parent / "other"
    person.git("clone", "-q", "../origin.git", str(other))
    (other / "o.txt").write_text("o\n")
    person.git("add", "-A", where=other)
    person.git("commit", "-qm", "of another", where=other)
    person.git("push", "-q", "origin", "main", where=other)

    assert STOPPED in person.tries("git", "push", "-qf", "origin", "main").stderr


def test_other_branches_and_tags_can_be_pushed(person: Person) -> None:
    person.git("tag", "v1")

    person.git("push", "-q", "origin", "side", "v1", "side:main2")


# ---------------------------------------------------------------- loopwright itself


def test_loopwrights_own_moves_do_not_ask_the_hooks(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix", PLAN.replace("merge: auto", "merge: human"))
    shop.door("init", "--hooks")
    person = at_work(shop)
    assert shop.door("run", "fix").code == 0
    person.stop_the_line()
    before = person.tip()

    assert shop.door("reject", "1").code == 0

    assert person.git("log", "-1", "--format=%(trailers:key=Loopwright-Record,valueonly)").strip() == "1"
    assert person.tip() != before
    assert "status: rejected" in shop.read("plans/fix.md")


def test_with_hooks_in_and_the_line_running_a_run_lands(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix")
    shop.door("init", "--hooks")

    assert shop.door("run", "fix", "--json").json["landed"] is True


# ---------------------------------------------------------------- other repositories


@pytest.mark.parametrize("kind", ["sha1", "sha256"])
def test_repositories_of_either_hash_with_signs_in_their_paths(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "ein Dörfchen's $HOME; *"
    place.mkdir()
    shop = settled(place)
    top = place / "a  shop [ü]"
    person = Person(shop, top)
    person.git("init", "-q", "-b", "main", f"--object-format={kind}", str(top), where=place)
    person.edits("a.txt", "a\n")
    person.git("init", "-q", "--bare", f"--object-format={kind}", str(place / "b.git"))
    person.git("remote", "add", "origin", "../b.git")
    person.git("push", "-q", "origin", "main")
    person.has_hook("pre-push", "#!/bin/sh\ncat >told\n")
    assert shop.door("-C", str(top), "init", "--hooks").code == 0
    person.edits("a.txt", "b\n")
    person.git("push", "-q", "origin", "main")
    assert (top / "told").read_text().startswith("refs/heads/main ")
    (top / "told").unlink()
    person.stop_the_line()

    assert STOPPED in person.tries("git", "commit", "--allow-empty", "-m", "x").stderr
    assert STOPPED in person.tries("git", "push", "origin", "main~1:main", "-f").stderr
    code, told = pushed(person, SHARED["the incident's page"])
    assert (code, told) == (0, "")
