"""`init --hooks` and `--no-hooks`: whatever hooks a person has go on to run, and come back byte for byte."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from loopwright.contracts.schemas import validate

from .conftest import Shop
from .guarding import STOPPED, Person, at_work, with_remote

TELLING = """#!{by}
printf '%s|' "${{0##*/}}" "$@" >told
cat >>told
exit {code}
"""


def hooks_of(shop: Shop, folder: str = ".git/hooks") -> dict[str, tuple[bytes, int]]:
    """What lies there but the samples: content (or where a link leads) and mode."""
    found = {}
    for path in sorted((shop.path / folder).glob("*")):
        data = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
        found[path.name] = (data, path.lstat().st_mode)
    return {name: held for name, held in found.items() if not name.endswith(".sample")}


def told_by_doctor(shop: Shop) -> list[str]:
    return [row["told"] for row in shop.door("doctor", "--json").json["parts"] if row["part"] == "hooks"]


def init(shop: Shop, *words: str) -> None:
    seen = shop.door("init", *words)
    assert seen.code == 0, seen.err


def test_hooks_are_put_in_beside_the_scaffold_and_the_facts_fit_their_schema(shop: Shop) -> None:
    seen = shop.door("init", "--hooks", "--json")

    validate("init", seen.json)
    assert seen.json["hooks"] == {"folder": str(shop.path / ".git/hooks"), "chained": [], "removed": []}
    assert "agents/maker.md" in seen.json["written"]
    assert set(hooks_of(shop)) == {"pre-push", "reference-transaction"}
    taken = shop.door("init", "--no-hooks", "--json").json
    validate("init", taken)
    assert [Path(path).name for path in taken["hooks"]["removed"]] == ["pre-push", "reference-transaction"]


def test_without_hooks_doctor_says_so_and_is_still_content(shop: Shop) -> None:
    (told,) = told_by_doctor(shop)

    assert told.startswith("none: ")
    assert "loopwright init --hooks" in shop.door("doctor").out


def test_doctor_says_that_they_are_in_and_what_they_cannot_stop(shop: Shop) -> None:
    init(shop, "--hooks")

    there, cant = told_by_doctor(shop)

    assert there == f"in {shop.path}/.git/hooks: while the line is stopped, pushes and moves of main are refused"
    assert "`git push --no-verify`" in cant
    assert "loopwright doctor --pre-receive" in shop.door("doctor").out


# ---------------------------------------------------------------- the person's own hooks


@pytest.mark.parametrize("shell", ["/bin/sh", "/usr/bin/env bash", "/bin/sh -u"])
def test_the_persons_own_hook_runs_with_its_arguments_and_stdin_and_its_no_counts(shop: Shop, shell: str) -> None:
    person = with_remote(shop)
    person.has_hook("pre-push", TELLING.format(by=shell, code=1))
    init(shop, "--hooks")
    commit = person.edits("a.txt", "a\n")

    done = person.tries("git", "push", "origin", "main")

    assert done.returncode != 0
    name, remote, url, stdin = shop.read("told").split("|")
    assert (remote, url) == ("origin", str(shop.path.parent / "origin.git"))
    assert stdin.startswith(f"refs/heads/main {commit} refs/heads/main ")
    assert name == ("pre-push.before-loopwright" if " -u" in shell else "pre-push")


def test_the_persons_own_hook_gets_what_git_said_while_the_line_is_stopped_too(shop: Shop) -> None:
    person = with_remote(shop)
    person.has_hook("pre-push", TELLING.format(by="/bin/sh", code=0))
    init(shop, "--hooks")
    person.stop_the_line()

    person.git("push", "-q", "origin", "main:one", "main:two")

    lines = shop.read("told").split("|")[-1].splitlines()
    assert [line.split()[2] for line in lines] == ["refs/heads/one", "refs/heads/two"]


def test_a_refused_push_never_reaches_the_persons_own_hook(shop: Shop) -> None:
    person = with_remote(shop)
    person.has_hook("pre-push", TELLING.format(by="/bin/sh", code=0))
    init(shop, "--hooks")
    person.edits("a.txt", "a\n")
    person.stop_the_line()

    assert STOPPED in person.tries("git", "push", "origin", "main").stderr
    assert not (shop.path / "told").exists()


def test_a_hook_in_another_language_runs_as_itself(shop: Shop) -> None:
    person = at_work(shop)
    judged = "sys.argv[1] == 'prepared' and 'refs/heads/no' in sys.stdin.read()"
    person.has_hook("reference-transaction", f"#!/usr/bin/env python3\nimport sys\nsys.exit({judged})\n")
    init(shop, "--hooks")

    assert person.tries("git", "branch", "no").returncode != 0
    assert person.tries("git", "branch", "yes").returncode == 0


def test_a_hook_that_is_not_executable_stays_without_a_say(shop: Shop) -> None:
    person = at_work(shop)
    person.has_hook("reference-transaction", "#!/bin/sh\nexit 1\n", mode=0o644)
    init(shop, "--hooks")

    assert person.tries("git", "branch", "yes").returncode == 0


# ---------------------------------------------------------------- off again


def plain(person: Person) -> None:
    person.has_hook("pre-push", "#!/bin/sh\nexit 0\n")


def odd(person: Person) -> None:
    person.has_hook("pre-push", "#!/bin/sh\r\n\0\n", mode=0o640)
    person.has_hook("reference-transaction", "no newline at the end", mode=0o751)


def linked(person: Person) -> None:
    person.edits("tools/push.sh", "#!/bin/sh\n")
    (person.where / ".git/hooks").mkdir(exist_ok=True)
    (person.where / ".git/hooks/pre-push").symlink_to("../../tools/push.sh")


def none(person: Person) -> None:
    """git's samples alone."""


def tracked(person: Person) -> None:
    person.has_hook("pre-push", "#!/bin/sh\n", "git hooks")
    person.git("config", "core.hooksPath", "git hooks")
    person.edits("x", "x")


@pytest.mark.parametrize("had", [plain, odd, linked, none, tracked])
def test_off_again_everything_is_as_it_was_however_often_they_were_put_in(
    shop: Shop, had: Callable[[Person], None]
) -> None:
    had(at_work(shop))
    init(shop)
    before = hooks_of(shop), (shop.path / ".git/config").read_bytes(), shop.git("status", "--short")
    init(shop, "--hooks")
    once = hooks_of(shop), (shop.path / ".git/config").read_bytes()
    init(shop, "--hooks")
    assert (hooks_of(shop), (shop.path / ".git/config").read_bytes()) == once != before[:2]

    for _ in range(2):
        init(shop, "--no-hooks")
        assert (hooks_of(shop), (shop.path / ".git/config").read_bytes(), shop.git("status", "--short")) == before


def test_taking_hooks_off_writes_no_file(shop: Shop) -> None:
    assert "no hooks" in shop.door("init", "--no-hooks").out
    assert not (shop.path / "plans").exists()


def test_a_configuration_that_does_not_read_is_told_before_anything_is_written(shop: Shop) -> None:
    shop.write("agents/LOOPS.md", "---\nmerge: perhaps\n---\n")

    assert shop.door("init", "--hooks").code == 2
    assert (hooks_of(shop), (shop.path / "plans").exists()) == ({}, False)


# ---------------------------------------------------------------- other tools


def test_doctor_tells_what_another_tool_overwrote_and_again_mends_it(shop: Shop) -> None:
    person = with_remote(shop)
    init(shop, "--hooks")
    person.has_hook("pre-push", TELLING.format(by="/bin/sh", code=0))
    assert any("pre-push was overwritten by another tool" in told for told in told_by_doctor(shop))

    init(shop, "--hooks")

    assert len(told_by_doctor(shop)) == 2
    person.edits("a.txt", "a\n")
    person.git("push", "-q", "origin", "main")
    assert shop.read("told").startswith("pre-push|origin|")
    init(shop, "--no-hooks")
    assert set(hooks_of(shop)) == {"pre-push"}


@pytest.mark.parametrize("again", [True, False])
def test_a_tool_that_moves_ours_aside_and_calls_it_makes_no_circle(shop: Shop, again: bool) -> None:
    person = with_remote(shop)
    person.has_hook("pre-push", "#!/bin/sh\necho first >>told\n")
    init(shop, "--hooks")
    hooks = shop.path / ".git/hooks"
    (hooks / "pre-push").rename(hooks / "pre-push.legacy")  # as pre-commit does
    legacy = '#!/bin/sh\necho tool >>told\nexec "$(dirname "$0")/pre-push.legacy" "$@"\n'
    person.has_hook("pre-push", legacy)
    if again:
        init(shop, "--hooks")
    person.edits("a.txt", "a\n")

    person.git("push", "-q", "origin", "main")

    assert shop.read("told") == "tool\nfirst\n"
    person.edits("a.txt", "b\n")
    person.stop_the_line()
    assert STOPPED in person.tries("git", "push", "origin", "main").stderr
    init(shop, "--no-hooks")
    assert {name: data for name, (data, _) in hooks_of(shop).items()} == {
        "pre-push": legacy.encode(),
        "pre-push.legacy": b"#!/bin/sh\necho first >>told\n",
    }


def test_hooks_that_a_tool_keeps_ignored_in_the_working_tree_know_their_own_name(shop: Shop) -> None:
    person = with_remote(shop)
    person.has_hook("pre-push", "echo husky >>told\n", ".husky")
    person.edits("package.json", "{}\n")
    person.has_hook(".gitignore", "*\n", ".husky/_", 0o644)
    person.has_hook(
        "h", 's=$(dirname "$(dirname "$0")")/$(basename "$0")\n[ ! -f "$s" ] || sh -e "$s" "$@"\n', ".husky/_"
    )
    person.has_hook("pre-push", '#!/usr/bin/env sh\n. "$(dirname "$0")/h"\n', ".husky/_")
    person.git("config", "core.hooksPath", ".husky/_")
    init(shop, "--hooks")
    person.edits("a.txt", "a\n")

    person.git("push", "-q", "origin", "main")

    assert shop.read("told") == "husky\n"
    person.stop_the_line()
    assert STOPPED in person.tries("git", "commit", "--allow-empty", "-m", "x").stderr
    assert any("relative core.hooksPath" in told for told in told_by_doctor(shop))
    assert ".husky" not in shop.git("status", "--short")


def test_hooks_that_git_tracks_stay_as_they_are_and_all_go_on_to_run(shop: Shop) -> None:
    person = with_remote(shop)
    person.has_hook("pre-push", TELLING.format(by="/bin/sh", code=0), "git hooks")
    person.git("config", "core.hooksPath", "git hooks")
    person.edits("x", "x")
    init(shop, "--hooks")
    person.git("add", "-A")
    person.git("commit", "-qm", "scaffold")
    person.has_hook("commit-msg", '#!/bin/sh\ngrep -q good "$1"\n', "git hooks")  # only now

    assert person.tries("git", "commit", "--allow-empty", "-m", "bad").returncode == 1
    person.edits("y", "y", "a good one")
    person.git("push", "-q", "origin", "main")

    assert shop.read("told").startswith("pre-push|origin|")
    assert person.git("status", "--short") == "?? told"
    assert len(told_by_doctor(shop)) == 2
    person.stop_the_line()
    assert STOPPED in person.tries("git", "commit", "--allow-empty", "-m", "good").stderr


def test_a_repository_that_was_moved_is_told_and_mended(shop: Shop) -> None:
    person = at_work(shop)
    person.has_hook("commit-msg", '#!/bin/sh\ngrep -q good "$1"\n', "git hooks")
    person.git("config", "core.hooksPath", "git hooks")
    person.edits("x", "x", "a good one")
    init(shop, "--hooks")
    moved = shop.path.parent / "moved"
    shop.path.rename(moved)
    shop.path.mkdir()
    there = Shop(moved, replace(shop.door, where=moved))
    assert any("pre-push isn't in" in told for told in told_by_doctor(there))

    init(there, "--hooks")

    assert len(told_by_doctor(there)) == 2
    assert person.tries("git", "commit", "--allow-empty", "-m", "bad", where=moved).returncode == 1
    init(there, "--no-hooks")
    assert there.git("config", "core.hooksPath") == "git hooks"


def test_a_hook_that_somebody_left_aside_long_ago_does_not_begin_to_run(shop: Shop) -> None:
    person = at_work(shop)
    person.has_hook("reference-transaction.before-loopwright", "#!/bin/sh\nexit 1\n")
    init(shop, "--hooks")

    person.git("branch", "feature")


def test_a_hooks_folder_of_all_repositories_is_not_written_to(shop: Shop) -> None:
    person = at_work(shop)
    everywhere = shop.path.parent / "home/everywhere"
    person.has_hook("commit-msg", '#!/bin/sh\ngrep -q good "$1"\n', str(everywhere))
    person.git("config", "--global", "core.hooksPath", "~/everywhere")
    init(shop, "--hooks")
    person.stop_the_line()

    assert [path.name for path in everywhere.iterdir()] == ["commit-msg"]
    assert STOPPED in person.tries("git", "commit", "--allow-empty", "-m", "good").stderr
    assert STOPPED not in person.tries("git", "commit", "--allow-empty", "-m", "bad").stderr
    other = shop.path.parent / "other"
    person.git("init", "-q", str(other))
    assert not (other / ".git/hooks/pre-push").exists()
    init(shop, "--no-hooks")
    assert person.git("config", "core.hooksPath") == "~/everywhere"


def test_a_setting_of_one_worktree_that_outdoes_ours_is_told_and_nothing_is_left(shop: Shop) -> None:
    person = at_work(shop)
    person.git("config", "extensions.worktreeConfig", "true")
    person.git("config", "--worktree", "core.hooksPath", "/elsewhere")
    config = (shop.path / ".git/config").read_bytes()

    seen = shop.door("init", "--hooks")

    assert (seen.code, "outdoes" in seen.err) == (2, True)
    assert (shop.path / ".git/config").read_bytes() == config
    assert not (shop.path / ".git/loopwright/hooks").exists()


# ---------------------------------------------------------------- the mainline's name


def test_doctor_tells_that_the_mainline_has_another_name_by_now(shop: Shop) -> None:
    person = at_work(shop)
    init(shop, "--hooks")
    person.git("branch", "-m", "main", "trunk")
    shop.write("agents/LOOPS.md", shop.read("agents/LOOPS.md").replace("mainline: main", "mainline: trunk"))
    person.git("commit", "-qam", "trunk it is")
    assert any("they guard `main`, and the mainline is `trunk`" in told for told in told_by_doctor(shop))

    init(shop, "--hooks")

    person.stop_the_line()
    assert "trunk stays where it is" in person.tries("git", "commit", "--allow-empty", "-m", "x").stderr


def test_hooks_are_put_in_before_the_first_commit_too(tmp_path: Path, shop: Shop) -> None:
    fresh = tmp_path / "fresh"
    person = Person(shop, fresh)
    person.git("init", "-q", "-b", "trunk", str(fresh), where=tmp_path)

    assert shop.door("-C", str(fresh), "init", "--hooks").code == 0
    assert person.git("config", "loopwright.mainline") == "trunk"
