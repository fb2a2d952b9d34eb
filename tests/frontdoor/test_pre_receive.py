"""The server's hook that `doctor --pre-receive` prints, in a real bare repository: it stops what is pushed, however."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import PLAN, Shop, settled
from .guarding import STOPPED, Done, Person, with_remote

PAGE = "wiki/90_LOG/2026-11-21-andon-gen-7.md"
OPEN = "---\ntype: andon\nstatus: open\nrun: 7\nscope: line\nopened: today\n---\n# It broke\n"
RESOLVED = OPEN.replace("status: open", "status: resolved")


@pytest.fixture
def person(shop: Shop) -> Person:
    """Somebody without hooks of their own, whose server has the printed one."""
    shop.plan("fix")
    found = with_remote(shop)
    served(found, shop.path.parent / "origin.git")
    found.edits("a.txt", "a\n")
    found.git("push", "-q", "origin", "main")
    return found


def served(person: Person, server: Path) -> None:
    seen = person.shop.door("-C", str(person.where), "doctor", "--pre-receive")
    assert (seen.code, seen.err) == (0, "")
    (server / "hooks").mkdir(exist_ok=True)
    (server / "hooks/pre-receive").write_text(seen.out)
    (server / "hooks/pre-receive").chmod(0o755)


def push(person: Person, *words: str) -> Done:
    return person.tries("git", "push", "-q", "--no-verify", "origin", *(words or ("main",)))


def stopped(person: Person, text: str = OPEN) -> None:
    """The page reaches the server: it touches nothing but what is loopwright's own."""
    person.edits(PAGE, text)
    assert push(person).returncode == 0


def test_without_an_open_page_everything_passes(person: Person) -> None:
    for text in (
        OPEN.replace("open\nrun", "resolved\nrun"),
        OPEN.replace("line", "plan"),
        "status: open\nscope: line\n",
    ):
        person.edits(PAGE, text)
        person.edits("a.txt", text)
        assert push(person).returncode == 0


@pytest.mark.parametrize(
    "text",
    [OPEN, OPEN.replace("\n", "\r\n"), "\ufeff" + OPEN, OPEN.replace("open\n", '"open"  # still\n')],
    ids=["plain", "crlf", "bom", "quoted"],
)
def test_while_a_page_is_open_code_stays_out(person: Person, text: str) -> None:
    (person.where / PAGE).parent.mkdir(parents=True)
    (person.where / PAGE).write_bytes(text.encode())
    person.git("add", "-A")
    person.git("commit", "-qm", "page")
    assert push(person).returncode == 0
    person.edits("a.txt", "b\n")

    done = push(person)

    assert done.returncode != 0
    assert STOPPED in done.stderr
    assert PAGE in done.stderr
    assert "loopwright andon resolve" in done.stderr


def test_loopwrights_own_lines_pass_while_a_page_is_open(person: Person) -> None:
    stopped(person)
    person.edits("plans/fix.md", PLAN.lstrip().replace("status: ready", "status: stopped"))
    person.edits("wiki/log.md", "## [2026-11-21] stopped | fix\n")

    assert push(person).returncode == 0
    person.edits("plans/fix.md", PLAN.lstrip().replace("is 90", "is 91"))
    assert STOPPED in push(person).stderr


def test_what_closes_every_page_passes_with_the_code_that_does_it(person: Person) -> None:
    stopped(person)
    other = PAGE.replace("7", "8")
    person.edits(other, OPEN)
    person.edits("a.txt", "b\n")
    person.edits(PAGE, RESOLVED)
    assert other in push(person).stderr

    person.edits(other, RESOLVED)

    assert push(person).returncode == 0
    person.edits("a.txt", "c\n")
    assert push(person).returncode == 0


def test_the_page_of_a_pulled_cord_is_known_there(person: Person) -> None:
    assert person.shop.door("andon", "pull", "prices are wrong").code == 0
    assert push(person).returncode == 0
    person.edits("a.txt", "b\n")

    assert STOPPED in push(person).stderr


def test_an_open_page_may_not_vanish(person: Person) -> None:
    stopped(person)
    person.git("rm", "-q", PAGE)
    person.git("commit", "-qm", "gone")
    gone = push(person)
    person.edits(PAGE, OPEN.replace("scope: line", "scope: plan"))
    smaller = push(person)
    set_back = push(person, "+main~3:main")
    deleted = push(person, ":main")

    assert [done.returncode != 0 for done in (gone, smaller, set_back, deleted)] == [True] * 4
    assert "was open, and is gone" in gone.stderr


def test_other_branches_pass_and_what_comes_along_with_main_does_not(person: Person) -> None:
    stopped(person)
    person.edits("a.txt", "b\n")

    assert push(person, "main:side").returncode == 0
    assert push(person, "main:side2", "main").returncode != 0
    assert "side2" not in person.git("ls-remote", "origin")


def test_a_new_server_takes_no_main_that_stands_still(person: Person) -> None:
    person.edits(PAGE, OPEN)
    person.git("init", "-q", "--bare", "-b", "main", "../second.git")
    served(person, person.where.parent / "second.git")
    person.git("remote", "set-url", "origin", "../second.git")

    assert STOPPED in push(person).stderr
    person.edits(PAGE, RESOLVED)
    assert push(person).returncode == 0


def test_a_push_past_the_hooks_of_here_ends_there(person: Person) -> None:
    assert person.shop.door("init", "--hooks").code == 0
    person.git("add", "-A")
    person.git("commit", "-qm", "loopwright")
    person.git("push", "-q", "origin", "main")
    stopped(person)
    person.stop_the_line()
    person.git("-c", "core.hooksPath=/dev/null", "commit", "-qm", "x", "--allow-empty")
    other = person.where.parent / "other"
    person.git("clone", "-q", "../origin.git", str(other))
    person.git("config", "user.email", "bob@example.org", where=other)
    (other / "a.txt").write_text("bob\n")
    person.git("commit", "-qam", "of bob", where=other)

    assert STOPPED in person.tries("git", "push", "origin", "main", where=other).stderr


def test_a_mainline_and_paths_with_signs_and_the_other_hash(tmp_path: Path) -> None:
    place = tmp_path / "Dörfchen's $HOME"
    place.mkdir()
    shop = settled(place)
    person = Person(shop, place / "a shop")
    person.git("init", "-q", "-b", "ma'in", "--object-format=sha256", str(person.where), where=place)
    person.edits("a.txt", "a\n")
    server = place / "the server.git"
    person.git("init", "-q", "--bare", "--object-format=sha256", str(server))
    person.git("remote", "add", "origin", str(server))
    served(person, server)
    assert push(person, "ma'in").returncode == 0
    person.edits("wiki/90_LOG/2026-ä-andon-gen-7.md", OPEN)
    assert push(person, "ma'in").returncode == 0
    person.edits("a.txt", "b\n")

    assert STOPPED in push(person, "ma'in").stderr
