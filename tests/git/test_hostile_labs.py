"""Whatever a lab writes into its files and its git dir: the host reads it, and runs none of it."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from loopwright.git import Git, PrivateGit, comparing
from loopwright.testing.repository import Repository


@dataclass(frozen=True)
class Trap:
    """A lab that somebody prepared. `program` leaves a marker when anybody starts it."""

    work: Path
    hub: Repository
    program: Path
    marker: Path

    @property
    def inside(self) -> Repository:
        """git as somebody careless would run it: in the lab, with the lab's configuration."""
        return Repository(self.work, self.hub.env)

    def config(self, name: str, value: str) -> None:
        self.inside.git("config", name, value)

    def hook(self, name: str) -> None:
        place = self.work / ".git/hooks" / name
        place.parent.mkdir(exist_ok=True)
        place.write_text(f"#!/bin/sh\nexec {self.program}\n")
        place.chmod(0o755)

    def attributes(self, line: str) -> None:
        (self.work / ".gitattributes").write_text(f"{line}\n")


@pytest.fixture
def trap(lab: PrivateGit, repo: Repository, tmp_path: Path) -> Trap:
    program, marker = tmp_path / "program", tmp_path / "ran"
    program.write_text(f"#!/bin/sh\ntouch {marker}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    made = Trap(lab.work, repo, program, marker)
    made.config("user.name", "maker")
    made.config("user.email", "maker@example.org")
    return made


def fsmonitor(trap: Trap) -> None:
    trap.config("core.fsmonitor", str(trap.program))


def hooks(trap: Trap) -> None:
    for name in ("pre-commit", "post-checkout", "post-index-change", "reference-transaction", "pre-auto-gc"):
        trap.hook(name)


def hooks_path(trap: Trap) -> None:
    (trap.work / "mine").mkdir()
    (trap.work / "mine/post-index-change").symlink_to(trap.program)
    trap.config("core.hooksPath", str(trap.work / "mine"))


def clean_filter(trap: Trap) -> None:
    trap.attributes("* filter=evil")
    trap.config("filter.evil.clean", str(trap.program))


def smudge_filter(trap: Trap) -> None:
    trap.attributes("* filter=evil")
    trap.config("filter.evil.smudge", str(trap.program))


def process_filter(trap: Trap) -> None:
    trap.attributes("* filter=evil")
    trap.config("filter.evil.process", str(trap.program))


def textconv(trap: Trap) -> None:
    trap.attributes("* diff=evil")
    trap.config("diff.evil.textconv", str(trap.program))
    (trap.work / "README.md").write_text("changed")


def external_diff(trap: Trap) -> None:
    trap.config("diff.external", str(trap.program))
    (trap.work / "README.md").write_text("changed")


def included_configuration(trap: Trap) -> None:
    (trap.work / "more").write_text(f"[core]\n\tfsmonitor = {trap.program}\n")
    trap.config("include.path", str(trap.work / "more"))


def configuration_of_a_worktree(trap: Trap) -> None:
    trap.config("extensions.worktreeConfig", "true")
    (trap.work / ".git/config.worktree").write_text(f"[core]\n\tfsmonitor = {trap.program}\n")


def work_tree_elsewhere(trap: Trap) -> None:
    trap.config("core.worktree", str(trap.hub.path))
    trap.config("core.fsmonitor", str(trap.program))


def nested_repository(trap: Trap) -> None:
    """Its fsmonitor runs when its status is asked, even by a `git status` of the repository around it."""
    inner = Repository.init(trap.work / "inner")
    inner.commit("inner")
    trap.inside.git("add", "inner")
    inner.git("config", "core.fsmonitor", str(trap.program))


def embedded_bare_repository(trap: Trap) -> None:
    """A folder that is a git dir by its contents: its configuration holds for whoever goes there."""
    bare = trap.work / "docs"
    for folder in ("objects", "refs"):
        (bare / folder).mkdir(parents=True)
    (bare / "HEAD").write_text("ref: refs/heads/main\n")
    (bare / "config").write_text(
        f"[core]\n\tbare = false\n\tworktree = ..\n\trepositoryformatversion = 0\n\tfsmonitor = {trap.program}\n"
    )


def person_s_own_filter(trap: Trap) -> None:
    """A filter that the person's configuration names (as that of git-lfs is), asked for by the lab's attributes."""
    theirs = Path(trap.hub.env["GIT_CONFIG_GLOBAL"])
    theirs.write_text(
        f'[filter "theirs"]\n\tclean = {trap.program}\n\tsmudge = {trap.program}\n\trequired = true\n'
        f"[user]\n\tname = Ada\n\temail = ada@example.org\n"
    )
    trap.attributes("* filter=theirs")


def submodule_update_command(trap: Trap) -> None:
    inner = Repository.init(trap.work / "sub")
    inner.commit("inner")
    trap.inside.git("add", "sub")
    inner.commit("more")
    (trap.work / ".gitmodules").write_text('[submodule "sub"]\n\tpath = sub\n\turl = ./sub\n')
    trap.config("submodule.sub.url", str(inner.path))
    trap.config("submodule.sub.update", f"!{trap.program}")
    trap.config("submodule.recurse", "true")


def alternates_command(trap: Trap) -> None:
    trap.config("core.alternateRefsCommand", str(trap.program))


def pack_objects_hook(trap: Trap) -> None:
    trap.config("uploadpack.packObjectsHook", str(trap.program))


def remote_s_programs(trap: Trap) -> None:
    trap.config("remote.origin.url", str(trap.hub.path))
    trap.config("remote.origin.uploadpack", str(trap.program))
    trap.config("core.sshCommand", str(trap.program))
    trap.config("core.gitProxy", str(trap.program))


def other_address(trap: Trap) -> None:
    trap.config(f"url.ext::{trap.program}.insteadOf", str(trap.work))


def promised_objects(trap: Trap) -> None:
    """A partial clone asks its remote for objects that it lacks, with a program of its own choice."""
    trap.config("core.repositoryformatversion", "1")
    trap.config("extensions.partialClone", "evil")
    trap.config("remote.evil.promisor", "true")
    trap.config("remote.evil.url", str(trap.hub.path))
    trap.config("remote.evil.uploadpack", str(trap.program))


def signing_and_editing(trap: Trap) -> None:
    for name in ("gpg.program", "core.editor", "core.pager", "credential.helper", "sequence.editor"):
        trap.config(name, str(trap.program))
    trap.config("commit.gpgSign", "true")


def attributes_of_its_own(trap: Trap) -> None:
    (trap.work / ".git/info").mkdir(exist_ok=True)
    (trap.work / ".git/info/attributes").write_text("* filter=evil merge=evil diff=evil\n")
    for name in ("filter.evil.clean", "filter.evil.smudge", "merge.evil.driver", "diff.evil.command"):
        trap.config(name, str(trap.program))


TRAPS: dict[Callable[[Trap], None], tuple[str, ...]] = {
    # what is prepared: a careless command that falls for it
    fsmonitor: ("status",),
    hooks: ("checkout", "-q", "-b", "x"),
    hooks_path: ("add", "-A"),
    clean_filter: ("add", "-A"),
    smudge_filter: ("cat-file", "--filters", "HEAD:README.md"),
    process_filter: ("add", "-A"),
    textconv: ("diff",),
    external_diff: ("diff",),
    included_configuration: ("status",),
    configuration_of_a_worktree: ("status",),
    work_tree_elsewhere: ("status",),
    nested_repository: ("status",),
    embedded_bare_repository: ("-C", "docs", "status"),
    person_s_own_filter: ("add", "-A"),
    submodule_update_command: ("submodule", "update"),
    alternates_command: ("push", "-q", ".", "HEAD:refs/heads/x"),
    pack_objects_hook: (),
    remote_s_programs: ("fetch", "origin"),
    other_address: (),
    promised_objects: ("cat-file", "-p", "12" * 20),
    signing_and_editing: ("commit", "--allow-empty", "-m", "x"),
    attributes_of_its_own: ("add", "-A"),
}


@pytest.fixture(autouse=True)
def person_s_configuration(repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "person.gitconfig"
    place.touch()
    repo.env["GIT_CONFIG_GLOBAL"] = str(place)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(place))


@pytest.mark.parametrize("plant", [plant for plant, careless in TRAPS.items() if careless], ids=lambda p: p.__name__)
def test_the_trap_is_a_real_one(trap: Trap, plant: Callable[[Trap], None]) -> None:
    """Else the next test would show nothing."""
    plant(trap)
    trap.inside.ask("-c", "protocol.file.allow=always", *TRAPS[plant])
    assert trap.marker.exists()


@pytest.mark.parametrize("plant", TRAPS, ids=lambda p: p.__name__)
def test_the_host_runs_nothing(trap: Trap, lab: PrivateGit, git: Git, plant: Callable[[Trap], None]) -> None:
    plant(trap)
    before, files = trap.hub.git("for-each-ref"), trap.hub.status()
    commit = git.commit_tree(lab.snapshot_tree(), [trap.hub.head()], "what was there")
    assert {"README.md", "src/app.py"} <= git.ls_tree(commit).keys()
    comparing.diff(git, "main", commit)
    assert lab.bring(lab.work, "HEAD", "refs/loopwright/brought") in (True, False)
    git.delete_ref("refs/loopwright/brought", git.resolve("refs/loopwright/brought") or "")
    lab.checkout(trap.hub.head())
    lab.nested_repositories()
    assert not trap.marker.exists()
    assert (trap.hub.git("for-each-ref"), trap.hub.status()) == (before, files)


def test_no_program_or_library_is_found_in_the_files_of_a_lab(
    trap: Trap, lab: PrivateGit, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a PATH or LD_LIBRARY_PATH that begins or ends with a colon, as many do, the working folder is named, too."""
    (trap.work / "bin").mkdir()
    for name in ("git", "bin/git"):
        shutil.copy(trap.program, trap.work / name)
    (trap.work / "libz.so.1").write_text("no library: whoever loads it ends")
    monkeypatch.setenv("PATH", f":bin:{os.environ['PATH']}")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/nonexistent:")
    assert {"git", "bin/git", "libz.so.1"} <= git.ls_tree(lab.snapshot_tree()).keys()
    lab.checkout(trap.hub.head())
    assert not trap.marker.exists()


def test_a_git_dir_that_points_at_the_hub_moves_nothing(trap: Trap, lab: PrivateGit, git: Git) -> None:
    """`.git` replaced by a file that names the person's git dir: any commit made there would move their branch."""
    shutil.rmtree(lab.work / ".git")
    (lab.work / ".git").write_text(f"gitdir: {trap.hub.path / '.git'}\n")
    (lab.work / "new").write_text("mine")
    before = trap.hub.git("for-each-ref"), trap.hub.status(), (trap.hub.path / ".git/index").read_bytes()
    assert "new" in git.ls_tree(lab.snapshot_tree())
    lab.bring(lab.work, "HEAD", "refs/loopwright/brought")
    git.delete_ref("refs/loopwright/brought", git.resolve("refs/loopwright/brought") or "")
    lab.checkout(trap.hub.head())
    assert (trap.hub.git("for-each-ref"), trap.hub.status(), (trap.hub.path / ".git/index").read_bytes()) == before


def test_no_file_outside_is_read_or_written_through_a_link(
    trap: Trap, lab: PrivateGit, git: Git, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("the key")
    (lab.work / "linked").symlink_to(secret)
    (lab.work / "src/app.py").unlink()
    (lab.work / "src").rmdir()
    (lab.work / "src").symlink_to(secret)
    inner = Repository.init(lab.work / "inner")
    inner.link("linked", str(secret))
    tree = lab.snapshot_tree()
    listed = git.ls_tree(tree)
    assert {path for path in listed if "key" in path} == set()
    assert b"the key" not in git.blobs(entry.blob for entry in listed.values()).values()
    lab.checkout(trap.hub.head())
    assert {path.name: path.read_text() for path in secret.iterdir()} == {"key": "the key"}
    assert (lab.work / "src/app.py").read_text() == "print('hello')\n"


def test_bringing_takes_the_one_ref_and_no_tags(trap: Trap, lab: PrivateGit, git: Git) -> None:
    own = trap.inside.commit("the lab's own")
    trap.inside.git("tag", "v1")
    trap.inside.git("update-ref", "refs/heads/more", own)
    before = git.refs("refs")
    assert lab.bring(lab.work, "HEAD", "refs/loopwright/brought")
    assert git.refs("refs") == before | {"refs/loopwright/brought": own}
    assert not (trap.hub.path / ".git/FETCH_HEAD").exists()


def test_what_is_broken_is_not_brought(trap: Trap, lab: PrivateGit, git: Git) -> None:
    bad = f"tree {trap.hub.tree()}\nauthor no mailbox\n\nx\n"
    oid = trap.inside.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", data=bad)
    trap.inside.git("update-ref", "refs/heads/bad", oid)
    before = git.refs("refs")
    assert not lab.bring(lab.work, "refs/heads/bad", "refs/loopwright/brought")
    assert not lab.bring(lab.work, "refs/heads/none", "refs/loopwright/brought")
    assert not lab.bring(lab.work / "nowhere", "HEAD", "refs/loopwright/brought")
    assert git.refs("refs") == before
