"""Bad input is told with where, what and how to mend it, and nothing is written: no ref, no file, no request."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from loopwright.testing.frontdoor import FrontDoor, Told, at_work, until
from loopwright.testing.script import Call, Fault, Turn

from .conftest import GOOD, KEY, PLAN, Scripted, Shop, good_maker, judges, maker

Written = tuple[object, ...]


def written(top: Path, env: dict[str, str]) -> Written:
    """Every ref and file of a repository, its index and HEAD among them; loopwright's own lock files aside."""
    refs = subprocess.run(["git", "for-each-ref"], cwd=top, env=env, capture_output=True, text=True).stdout
    files = {path: path.read_bytes() for path in top.rglob("*") if path.is_file()}
    return refs, {path: data for path, data in files.items() if path.suffix != ".lock"}


def assert_refused(told: Told, code: int, *words: str) -> None:
    assert told.code == code, told.err
    assert told.out == ""
    assert [word for word in words if word not in told.err] == [], told.err
    assert "mend: " in told.err
    assert "Traceback" not in told.err


@pytest.fixture
def keyed(scripted: Scripted) -> Shop:
    """A repository with a key, and a model that would answer: a refusal must have another reason."""
    return scripted([good_maker(), *judges()])


# ---------------------------------------------------------------- repositories


def plain_folder(top: Path) -> None:
    (top / "plans").mkdir()
    (top / "plans/fix.md").write_text(PLAN)


def no_commit(top: Path) -> None:
    git(top, "init", "-qb", "main")
    plain_folder(top)


def bare(top: Path) -> None:
    git(top, "init", "-q", "--bare")


def git(top: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=top, check=True, capture_output=True)


PLACES: dict[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    "no repository": (plain_folder, ("is not in a git repository", "git init")),
    "no commit": (no_commit, ("this repository has no commit yet", "git commit")),
    "a bare repository": (bare, ("is a bare repository", "git clone")),
}


@pytest.mark.parametrize(
    "command", [("run", "fix"), ("watch", "--once"), ("status",), ("land", "1")], ids=lambda c: c[0]
)
@pytest.mark.parametrize("name", PLACES)
def test_a_place_in_which_no_plan_can_run_is_said(
    shop: Shop, tmp_path: Path, name: str, command: tuple[str, ...]
) -> None:
    make, words = PLACES[name]
    place = tmp_path / "place"
    place.mkdir()
    make(place)
    before = written(place, shop.door.env)

    assert_refused(FrontDoor(place, shop.door.env | {"ANTHROPIC_API_KEY": KEY})(*command), 2, *words)

    assert written(place, shop.door.env) == before


def test_a_detached_head_is_no_branch_to_work_on(keyed: Shop) -> None:
    keyed.git("checkout", "-q", "--detach")
    keyed.plan("fix")
    before = written(keyed.path, keyed.door.env)

    for command in (("run", "fix"), ("watch", "--once"), ("land", "1")):
        assert_refused(keyed.door(*command), 2, "HEAD is detached", "git switch")

    assert written(keyed.path, keyed.door.env) == before


def test_a_folder_that_is_not_there_is_named(shop: Shop) -> None:
    for command in ("status", "check"):
        assert_refused(shop.door("-C", "nowhere", command), 2, "nowhere is no folder", "-C")


def test_a_branch_without_a_commit_is_told_from_a_repository_without_one(keyed: Shop) -> None:
    keyed.git("branch", "-m", "old")
    keyed.git("symbolic-ref", "HEAD", "refs/heads/main")
    keyed.plan("fix")

    for command in (("run", "fix"), ("status",)):
        assert_refused(keyed.door(*command), 2, "the branch `main` has no commit yet", "git switch")


@pytest.mark.parametrize("how", ["a file", "a link"])
def test_init_and_new_write_nothing_where_a_folder_of_ours_is_something_else(
    shop: Shop, tmp_path: Path, how: str
) -> None:
    folder = shop.path / "plans"
    if how == "a file":
        folder.write_text("words\n")
    else:
        (tmp_path / "elsewhere").mkdir()
        folder.symlink_to(tmp_path / "elsewhere")
    before = written(tmp_path, shop.door.env)

    for command in (("init",), ("new", "A title")):
        assert_refused(shop.door(*command), 2, f"plans is {how}", "move plans away")

    assert written(tmp_path, shop.door.env) == before


# ---------------------------------------------------------------- plans and configuration


@dataclass(frozen=True)
class Bad:
    """Files that are written over the shop's, the words that must come, and the plan that is run."""

    files: dict[str, str]
    words: tuple[str, ...]
    plan: str = "fix"


def titled(*chunks: str, header: str = "", goal: str = "## Goal\n- `true`\n") -> str:
    head = f"---\n{header}\n---\n" if header else ""
    return f"{head}# A plan\n\n" + "".join(chunks) + goal


def many(number: int) -> str:
    return "## Chunks\n" + "".join(f"### {i}. Step {i}\nDo it.\n" for i in range(1, number + 1))


LOOPS_AT = "agents/LOOPS.md"

BAD = {
    "no title": Bad({"plans/fix.md": "## Goal\n- `true`\n"}, ("plans/fix.md:1: there is no title",)),
    "no goal": Bad({"plans/fix.md": "# A plan\n\nwords\n"}, ("plans/fix.md:1: there is no goal", "## Goal")),
    "an empty file": Bad({"plans/fix.md": ""}, ("plans/fix.md:1: the file is empty",)),
    "an unknown skill": Bad(
        {"plans/fix.md": titled("## Chunks\n### 1. Do\nSkill: magic\nIt.\n")}, ("plans/fix.md:", "no skill", "magic")
    ),
    "no such backend": Bad(
        {"agents/maker.md": "---\nname: maker\nbackend: wizard\n---\nWork.\n"},
        ("agents/maker.md:3: there is no backend 'wizard'", "anthropic"),
    ),
    "a backend that is not installed": Bad(
        {"agents/maker.md": "---\nbackend: no.such:thing\n---\nWork.\n"}, ("no.such:thing", "can't be imported")
    ),
    "a backend that is none": Bad(
        {"agents/maker.md": "---\nbackend: json:loads\n---\nWork.\n"},
        ("`json:loads` is no backend", "loopwright.contracts"),
    ),
    "a backend that can't be made": Bad(
        {"agents/maker.md": "---\nbackend: types:MethodType\n---\nWork.\n"},
        ("`types:MethodType` can't be imported", "MethodType"),
    ),
    "a lab that is no lab": Bad(
        {"plans/fix.md": titled(header="lab: loopwright.vocabulary:__all__")},
        ("`loopwright.vocabulary:__all__` is no lab",),
    ),
    "a role without its command": Bad(
        {"agents/checker.md": "---\nbackend: command\n---\nWork.\n"}, ("agents/checker.md:", "command")
    ),
    "a role whose YAML doesn't parse": Bad(
        {"agents/checker.md": "---\nmodel: [a\n---\nWork.\n"}, ("agents/checker.md:",)
    ),
    "nobody to make it": Bad({"agents/maker.md": "---\nbackend: none\n---\n"}, ("agents/maker.md:", "maker")),
    "a lab that is none": Bad({"plans/fix.md": titled(header="lab: spaceship")}, ("plans/fix.md:2: lab", "clone")),
    "LOOPS.md's lab is none": Bad({LOOPS_AT: "---\nmainline: main\nlab: spaceship\n---\n"}, (f"{LOOPS_AT}:3: lab",)),
    "YAML that doesn't parse": Bad({"plans/fix.md": titled(header="status: [ready")}, ("plans/fix.md:", "parse")),
    "LOOPS.md doesn't parse": Bad({LOOPS_AT: "---\nmainline: [main\n---\n"}, (f"{LOOPS_AT}:",)),
    "LOOPS.md with a wrong type": Bad(
        {LOOPS_AT: "---\nmainline: main\nmax-parallel: many\n---\n"}, (f"{LOOPS_AT}:3: max-parallel", "1 or more")
    ),
    "a mainline that isn't there": Bad({LOOPS_AT: "---\nmainline: trunk\n---\n"}, ("`trunk`", "`mainline:`", "main")),
    "a status that is none": Bad({"plans/fix.md": titled(header="status: soon")}, ("plans/fix.md:2: status",)),
    "eleven chunks": Bad({"plans/fix.md": titled(many(11))}, ("plans/fix.md:", "11 chunks", "split")),
    "a circle": Bad(
        {
            "plans/fix.md": titled(header="depends-on: [other]"),
            "plans/other.md": titled(header="depends-on: [fix]"),
        },
        ("plans/fix.md:2: the plans wait for one another: fix -> other -> fix",),
    ),
    "a dependency that isn't done": Bad(
        {"plans/fix.md": titled(header="depends-on: [other]"), "plans/other.md": titled(header="status: draft")},
        ("fix waits for other",),
    ),
    "a dependency that isn't there": Bad(
        {"plans/fix.md": titled(header="depends-on: [ghost]")}, ("fix waits for ghost",)
    ),
    "no such plan": Bad({"plans/other.md": titled()}, ("there is no plan plans/fix.md", "the plans here: other;")),
    "a file elsewhere": Bad({}, ("`../../etc/passwd` is no plan", "the plans here: fix;"), "../../etc/passwd"),
    "a role": Bad({}, ("`agents/maker.md` is no plan", "plans/"), "agents/maker.md"),
    "the index": Bad({"plans/README.md": "# Plans\n"}, ("plans/README.md is no plan", "here: fix;"), "README"),
    "the template": Bad({"plans/TEMPLATE.md": titled()}, ("plans/TEMPLATE.md is no plan",), "plans/TEMPLATE.md"),
    "no name at all": Bad({}, ("`` is no plan", "here: fix;"), ""),
    **{
        f"a plan that is {status}": Bad(
            {"plans/fix.md": titled(header=f"status: {status}")}, (f"has the status `{status}`", "status: ready")
        )
        for status in ("draft", "paused", "failed", "stopped", "rejected")
    },
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_run_is_refused_before_anything_is_written(keyed: Shop, name: str) -> None:
    bad = BAD[name]
    if name != "no such plan":
        keyed.plan("fix")
    for path, text in bad.files.items():
        keyed.write(path, text)
    if LOOPS_AT in bad.files:
        keyed.commit("configured")
    before = written(keyed.path, keyed.door.env)

    told = keyed.door("run", bad.plan, "--json")

    assert_refused(told, 2, *bad.words)
    assert written(keyed.path, keyed.door.env) == before
    assert keyed.model.requests == []


def test_a_plan_that_the_mainline_lacks_is_none_while_another_branch_is_checked_out(keyed: Shop) -> None:
    keyed.git("checkout", "-qb", "feature")
    keyed.plan("fix")

    assert_refused(keyed.door("run", "fix"), 2, "there is no plan plans/fix.md", "The mainline isn't checked out")


def test_all_problems_of_a_plan_come_in_one_pass(keyed: Shop) -> None:
    header = "---\nstatus: soon\npriority: P9\nlab: spaceship\n---\n"
    keyed.write("plans/fix.md", f"{header}\n## Chunks\n### 1. Do\nVerify: nothing\n\n## Checks\nwords\n")

    told = keyed.door("run", "fix")

    assert_refused(told, 2, "fix.md:2: status", "fix.md:3: priority", "fix.md:4: lab", "no title", "no goal")
    assert told.err.count("mend: ") >= 6


def test_all_problems_of_all_files_that_a_run_needs_come_in_one_pass(keyed: Shop) -> None:
    chunks = "## Chunks\n### 1. Do\nSkill: magic\n### 2. More\nSkill: alchemy\n"
    keyed.plan("fix", titled(chunks, header="priority: P9\nlab: spaceship\ndepends-on: [ghost]"))
    for role in ("maker", "reviewer"):
        keyed.write(f"agents/{role}.md", "---\nbackend: wizard\n---\nWork.\n")
    keyed.write("agents/checker.md", "---\nbackend: command\n---\nWork.\n")
    keyed.write("agents/auditor.md", "---\nbackend: wizard\n---\nNo run asks for it.\n")
    before = written(keyed.path, keyed.door.env)
    plan = ("fix.md:2: priority", "fix.md:3: lab", "fix.md:4: 'ghost' isn't there yet")
    skills = ("fix.md:10: there is no skill 'magic'", "fix.md:12: there is no skill 'alchemy'")
    roles = ("maker.md:2: there is no backend", "reviewer.md:2: there is no backend", "checker.md:1: ")

    told = keyed.door("run", "fix")

    assert_refused(told, 2, *plan, *skills, *roles)
    assert "auditor" not in told.err
    assert written(keyed.path, keyed.door.env) == before

    keyed.plan("fix", titled(chunks))
    for role in ("maker", "reviewer", "checker"):
        (keyed.path / f"agents/{role}.md").unlink()
    assert_refused(keyed.door("run", "fix"), 2, "no skill 'magic'", "no skill 'alchemy'")


def test_a_binary_file_in_plans_is_told_and_stops_no_other_plan(keyed: Shop) -> None:
    (keyed.path / "plans").mkdir()
    (keyed.path / "plans/blob.md").write_bytes(b"\x7fELF\x00\x01\xff\xfe" * 200)
    (keyed.path / "plans/picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00")
    keyed.plan("fix")
    before = written(keyed.path, keyed.door.env)

    assert_refused(keyed.door("run", "blob"), 2, "plans/blob.md:1: ")

    assert written(keyed.path, keyed.door.env) == before
    assert keyed.door("run", "fix", "--json").json["landed"]


def test_a_plan_that_is_a_link_out_of_the_repository_is_not_read(keyed: Shop, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text(PLAN)
    (keyed.path / "plans").mkdir()
    (keyed.path / "plans/fix.md").symlink_to(tmp_path / "secret.md")

    assert_refused(keyed.door("run", "fix"), 2, "there is no plan plans/fix.md")


# ---------------------------------------------------------------- what is needed from outside


def test_without_a_key_nothing_begins(shop: Shop) -> None:
    shop.plan("fix")
    before = written(shop.path, shop.door.env)

    assert_refused(shop.door("run", "fix", "--json"), 4, "there is no key", "maker", "ANTHROPIC_API_KEY", ".env")

    assert written(shop.path, shop.door.env) == before


def test_a_wrong_key_pauses_the_run_and_the_right_one_finishes_it(keyed: Shop) -> None:
    keyed.plan("fix")

    told = keyed.door("run", "fix", "--json", env={"ANTHROPIC_API_KEY": "sk-ant-wrong-98765"})

    assert (told.code, told.json["outcome"], told.json["landed"]) == (4, "paused", False)
    assert "refuses the key" in "\n".join(told.json["notes"])
    assert "ANTHROPIC_API_KEY" in told.err
    assert "sk-ant-wrong-98765" not in told.out + told.err
    assert "status: running" in keyed.read("plans/fix.md")
    assert keyed.git("log", "--format=%s", "--", "src") == "a shop"
    finished = keyed.door("resume", "1", "--json")
    assert (finished.code, finished.json["landed"]) == (0, True)
    assert keyed.read("src/pricing.py") == GOOD


def test_an_unknown_model_is_bad_input_and_its_run_stands_still_until_another_is_named(scripted: Scripted) -> None:
    made = Turn(Call("write_file", path="src/pricing.py", content=GOOD), faults=[Fault("not-found")])
    shop = scripted([maker(made), *judges()])
    shop.plan("fix")

    assert_refused(shop.door("run", "fix"), 2, "doesn't know the model", "`model:`", "loopwright resume 1")

    assert shop.door("show", "1", "--json").json["outcome"] == "paused"
    for command in (("show", "1"), ("status",)):
        assert "paused: http://" in shop.door(*command).out
    assert "page: " not in shop.door("show", "1").out
    finished = shop.door("resume", "1", "--json")
    assert (finished.code, finished.json["landed"]) == (0, True)


def test_an_endpoint_that_is_down_pauses_the_run_and_running_again_finishes_it(keyed: Shop) -> None:
    keyed.plan("fix")
    down = {"ANTHROPIC_BASE_URL": "http://127.0.0.1:9", "LOOPWRIGHT_RETRY_SECONDS": "1"}

    told = keyed.door("run", "fix", "--json", env=down)

    assert (told.code, told.json["outcome"], told.json["run"]) == (4, "paused", 1)
    assert "127.0.0.1:9" in told.err
    again = keyed.door("run", "fix", "--json", env=down)
    assert (again.code, again.json["outcome"], again.json["run"]) == (4, "paused", 1)
    finished = keyed.door("run", "fix", "--json")
    assert (finished.code, finished.json["landed"], finished.json["run"]) == (0, True, 1)
    assert len(keyed.model.asked("maker")) == 2


def test_a_key_in_the_repositorys_env_file_will_do(keyed: Shop) -> None:
    keyed.plan("fix")
    (keyed.path / ".env").write_text(f"export ANTHROPIC_API_KEY='{KEY}'  # mine\n")
    (keyed.path / ".git/info/exclude").write_text(".env\n")
    del keyed.door.env["ANTHROPIC_API_KEY"]

    assert keyed.door("run", "fix", "--json").json["landed"]


@pytest.mark.parametrize("command", [("run", "fix"), ("status",), ("doctor",)], ids=lambda words: words[0])
def test_a_git_that_is_too_old_is_said(keyed: Shop, tmp_path: Path, command: tuple[str, ...]) -> None:
    old = tmp_path / "old"
    old.mkdir()
    (old / "git").write_text("#!/bin/sh\necho git version 2.30.2\n")
    (old / "git").chmod(0o755)
    keyed.plan("fix")

    told = keyed.door(*command, env={"PATH": f"{old}:{keyed.door.env['PATH']}"})

    assert_refused(told, 4, "git 2.30.2 is too old", "2.38")


def test_without_git_it_is_said(keyed: Shop, tmp_path: Path) -> None:
    assert_refused(keyed.door("status", env={"PATH": str(tmp_path)}), 4, "no `git` program", "2.38")


@pytest.mark.parametrize("name", ["LOOPWRIGHT_MAX_ITERATIONS", "LOOPWRIGHT_LAB_TIMEOUT_MS"])
def test_a_ceiling_that_lets_nobody_begin_is_said(keyed: Shop, name: str) -> None:
    keyed.plan("fix")

    assert_refused(keyed.door("run", "fix", env={name: "0"}), 2, f"{name} is '0'", "above 0", f"{name}=")


@pytest.mark.parametrize("name", ["LOOPWRIGHT_MAX_ITERATIONS", "LOOPWRIGHT_LAB_TIMEOUT_MS", "LOOPWRIGHT_TOKEN_BUDGET"])
def test_a_number_in_the_environment_that_is_none_is_said(keyed: Shop, name: str) -> None:
    keyed.plan("fix")

    assert_refused(keyed.door("run", "fix", env={name: "lots"}), 2, f"{name} is 'lots'", f"{name}=")


def test_retry_seconds_that_are_none_are_said_before_anything_begins(keyed: Shop) -> None:
    keyed.plan("fix")
    before = written(keyed.path, keyed.door.env)

    assert_refused(keyed.door("run", "fix", env={"LOOPWRIGHT_RETRY_SECONDS": "soon"}), 2, "LOOPWRIGHT_RETRY_SECONDS")

    assert written(keyed.path, keyed.door.env) == before


# ---------------------------------------------------------------- commands


def test_an_unknown_command_is_met_with_the_ones_there_are(shop: Shop) -> None:
    assert_refused(shop.door("rum", "fix"), 2, "there is no command `rum`", "run", "runs")
    assert_refused(shop.door("zzz"), 2, "there is no command `zzz`", "status")


@pytest.mark.parametrize("verb", ["show", "land", "reject", "rollback", "resume", "stop"])
def test_an_unknown_run_is_said(keyed: Shop, verb: str) -> None:
    before = written(keyed.path, keyed.door.env)

    assert_refused(keyed.door(verb, "99"), 2, "there is no run 99", "loopwright runs")

    assert written(keyed.path, keyed.door.env) == before


@pytest.mark.parametrize(
    "words", [("run",), ("show", "one"), ("watch", "--twice"), ("land",)], ids=lambda w: " ".join(w)
)
def test_a_wrong_argument_shows_the_usage(shop: Shop, words: tuple[str, ...]) -> None:
    assert_refused(shop.door(*words), 2, f"usage: loopwright {words[0]}", f"loopwright {words[0]} --help")


def test_what_begins_with_a_dash_can_be_said_after_two(shop: Shop) -> None:
    assert shop.door("new", "--json", "--", "-price").json["path"].endswith("-price.md")
    assert_refused(shop.door("new", "-price"), 2, " -- ")


def test_the_repository_may_be_named_by_the_environment(shop: Shop, tmp_path: Path) -> None:
    shop.plan("fix", titled(header="status: soon"))
    elsewhere = FrontDoor(tmp_path, shop.door.env | {"LOOPWRIGHT_REPO_PATH": str(shop.path)})

    assert "plans/fix.md:2: error" in elsewhere("check").out
    assert elsewhere("-C", str(tmp_path), "status").code == 2


def test_a_second_watcher_is_refused(keyed: Shop) -> None:
    with at_work(keyed.door, "watch") as watching:
        until(lambda: "watching" in watching.err, what="the watcher's start")
        assert_refused(keyed.door("watch", "--once"), 2, "another watcher is at work")
        assert watching.poll() is None
    assert keyed.door("watch", "--once").code == 0


def test_a_folder_of_labs_that_depends_on_where_one_is_is_refused(keyed: Shop) -> None:
    keyed.plan("fix")
    before = written(keyed.path, keyed.door.env)

    assert_refused(
        keyed.door("run", "fix", env={"LOOPWRIGHT_LABS": "labs"}), 2, "LOOPWRIGHT_LABS is 'labs'", "absolute"
    )

    assert written(keyed.path, keyed.door.env) == before
