"""What a role may do to the git state of its lab: it is told of, and nothing of it runs on the host."""

import shlex
from pathlib import Path

import pytest

from loopwright.contracts import Lab
from loopwright.labs import bundle, guarantees
from loopwright.labs.folder import FolderLab, hub_of
from loopwright.vocabulary import Change, Ran

from .places import Place

AS_ROLE = "git -c user.name=r -c user.email=r@x"


def kinds(change: Change) -> list[tuple[str, str]]:
    return [(hazard.kind, hazard.path) for hazard in change.hazards]


def do(lab: Lab, command: str) -> None:
    ran = lab.run(command, seconds=20)
    assert ran.code == 0, ran.output


# ---------------------------------------------------------------- history


def test_commits_of_the_roles_own_are_no_hazard_and_are_kept(place: Place) -> None:
    with place.open() as lab:
        do(lab, f"echo 1 > one && git add one && {AS_ROLE} commit -q -m one && {AS_ROLE} tag -a v1 -m v1")
        do(lab, f"git switch -q -c feature && echo 2 > two && git add two && {AS_ROLE} commit -q -m two")
        change = lab.snapshot(place.head, "both")
    assert (kinds(change), change.paths) == ([], ("one", "two"))
    assert place.repository.git("rev-parse", f"{change.commit}^") == place.head
    own = place.ref("gen-1/own")
    assert place.repository.git("log", "--format=%s", f"{place.head}..{own}") == "two\none"
    assert place.repository.git("branch", "--format=%(refname:short)") in ("main", "feature\nmain")


def test_its_commits_are_kept_without_a_snapshot_too(place: Place) -> None:
    with place.open() as lab:
        do(lab, f"echo 1 > one && git add one && {AS_ROLE} commit -q -m one && git rm -q one")
    assert place.repository.show(str(place.ref("gen-1/own")), "one") == "1\n"


def test_packed_refs_and_a_clean_up_are_no_hazard(place: Place) -> None:
    with place.open() as lab:
        do(lab, "git pack-refs --all; git reflog expire --expire=now --all")
        assert kinds(lab.snapshot(place.head, "x")) == []


@pytest.mark.parametrize(
    "command",
    [
        f"git reset -q --hard HEAD~1 && echo 1 > new && git add new && {AS_ROLE} commit -q --amend -m forged",
        f"git checkout -q --orphan fresh && {AS_ROLE} commit -q -m orphan",
        "git reset -q --hard HEAD~1",
        f"{AS_ROLE} commit -q --allow-empty --amend -m other",
        "rm -rf .git && git init -q",
        "rm -rf .git",
        "echo 'gitdir: /nowhere' > ../dotgit && rm -rf .git && mv ../dotgit .git",
        "git symbolic-ref HEAD refs/heads/nothing",
    ],
)
def test_a_rewritten_past_is_told_and_changes_nothing_but_that(place: Place, command: str) -> None:
    place.repository.write("second", "2")
    place.repository.commit("second")
    with place.open() as lab:
        do(lab, command)
        lab.write("work", b"1")
        change = lab.snapshot(place.head, "work")
    assert ("rewritten-history", ".git") in kinds(change)
    assert "work" in change.paths
    assert place.repository.git("rev-parse", f"{change.commit}^") == place.head
    assert not (place.labs / "gen-1").exists()


# ---------------------------------------------------------------- nested repositories


def test_a_nested_repository_is_told_and_its_files_are_taken(place: Place) -> None:
    with place.open() as lab:
        do(lab, "mkdir -p a/b && git init -q a/b/in && cd a/b/in && mkdir 'ü x' && echo 1 > 'ü x/f' && ln -s f l")
        do(lab, f"cd a/b/in && git add -A && {AS_ROLE} commit -q -m inner && echo 2 > later")
        change = lab.snapshot(place.head, "x")
        assert kinds(change) == [("nested-repository", "a/b/in")]
        assert change.paths == ("a/b/in/l", "a/b/in/later", "a/b/in/ü x/f")
        assert {file.new_mode for file in change.files} == {"100644", "120000"}
        lab.restore(place.head)
        assert "a/" not in lab.listing("")
        assert kinds(lab.snapshot(place.head, "x")) == []


def test_a_repository_in_a_submodules_folder_is_told(place: Place) -> None:
    place.repository.git("update-index", "--add", "--cacheinfo", f"160000,{place.head},vendor")
    place.repository.git("commit", "-q", "-m", "submodule")
    with place.open() as lab:
        assert lab.snapshot(place.head, "nothing").files == ()
        do(lab, "cd vendor && git init -q && echo 1 > f")
        change = lab.snapshot(place.head, "x")
    assert kinds(change) == [("nested-repository", "vendor")]
    assert "vendor/f" in change.paths


def test_a_repository_made_over_tracked_files_hides_none_of_them(place: Place) -> None:
    with place.open() as lab:
        do(lab, f"cd src && git init -q && git add -A && {AS_ROLE} commit -q -m x && echo 1 > new && echo 2 > sums.py")
        assert lab.snapshot(place.head, "x").paths == ("src/new", "src/sums.py")


# ---------------------------------------------------------------- programs planted in the lab's configuration


def planted(lab: Lab, witness: Path) -> None:
    """Name a program wherever git takes one from a repository, in the lab and in a repository nested in it."""
    program = lab.scratch / "planted"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >> {shlex.quote(str(witness))}\ncat\n')
    program.chmod(0o755)
    hooks = ("post-checkout", "post-index-change", "pre-commit", "reference-transaction", "pre-auto-gc")
    names = (
        "core.fsmonitor core.sshCommand core.editor core.pager core.alternateRefsCommand gpg.program diff.external "
        "uploadpack.packObjectsHook credential.helper filter.p.clean filter.p.smudge filter.p.process "
        "diff.p.textconv diff.p.command merge.p.driver"
    )
    script = f"""
        configure() {{
            hooks="$(git rev-parse --git-path hooks)"; mkdir -p "$hooks"
            for hook in {" ".join(hooks)}; do cp "$1" "$hooks/$hook"; done
            for name in {names}; do git config $name "$1"; done
            git config core.hooksPath "$PWD/../home/hooks"; git config core.attributesFile "$PWD/../home/attributes"
        }}
        mkdir -p ../home/hooks; for hook in {" ".join(hooks)}; do cp "$1" ../home/hooks/$hook; done
        echo '* filter=p diff=p merge=p' > ../home/attributes
        echo '* filter=p diff=p merge=p' > .gitattributes
        (git init -q in && cd in && echo 1 > f && git add f && {AS_ROLE} commit -q -m f && configure "$1" && echo 2 > f)
        (git init -q src && cd src && configure "$1")
        configure "$1"
    """
    do(lab, f"set -- {shlex.quote(str(program))}\n{script}")
    witness.unlink(missing_ok=True)  # what ran inside, while it was planted, is the lab's own business


def test_nothing_that_a_lab_configures_ever_runs_on_the_host(place: Place, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    with place.open() as lab:
        planted(lab, witness)
        lab.write("src/sums.py", b"changed\n")
        lab.run("git -c core.hooksPath= -c core.fsmonitor= update-ref refs/heads/moved HEAD", seconds=20)
        lab.run("printf 'ref: refs/heads/moved\\n' > \"$(git rev-parse --git-path HEAD)\"", seconds=20)
        witness.unlink(missing_ok=True)
        first = lab.snapshot(place.head, "x")
        lab.restore(first.commit)
        lab.restore(place.head)
        lab.snapshot(place.head, "y")
        lab.write("left", b"1")
    assert not witness.exists(), witness.read_text()
    assert place.ref("gen-1/rescued") is not None
    assert "src/sums.py" in first.paths


def test_a_planted_program_would_have_been_seen(place: Place, tmp_path: Path) -> None:
    """The proof that the test above can fail: the same repository, asked by an unhardened git."""
    witness = tmp_path / "witness"
    with place.open(throwaway=True) as lab:
        planted(lab, witness)
        lab.write("src/sums.py", b"changed\n")
        lab.run("git add -A", seconds=20)
        assert witness.exists() == ("writes" not in guarantees.of(place.kind))


def test_the_labs_attributes_cannot_bring_a_driver_into_the_diff(place: Place) -> None:
    with place.open() as lab:
        lab.write(".gitattributes", b"*.py binary\n")
        lab.write("src/sums.py", b"changed\n")
        change = lab.snapshot(place.head, "x")
    assert "+changed" in change.diff


# ---------------------------------------------------------------- bundles

THINNED = (
    f"seq 999 > mine && git add mine && {AS_ROLE} commit -qm own && h=$(git rev-parse HEAD) b=$(git rev-parse HEAD^)"
    " && { printf '# v3 git bundle\\n@object-format=sha1\\n-%s x\\n@filter=blob:none\\n%s HEAD\\n\\n' $b $h;"
    " printf '%s\\n^%s\\n' $h $b | git pack-objects --revs --stdout -q --filter=blob:none; } > ../home/.own.bundle"
)


def test_a_bundle_that_lacks_what_it_should_hold_leaves_nothing_in_the_hub(walled: Place) -> None:
    def forged(words: list[str]) -> Ran:
        do(lab, THINNED)
        return Ran(0, "")

    with walled.open(throwaway=True) as lab:
        assert isinstance(lab, FolderLab)
        hub = hub_of(walled.site)
        assert not bundle.bring(forged, lab.scratch, lab.private, hub, walled.head, "refs/loopwright/labs/gen-1/own")
        do(lab, "git bundle verify ../home/.own.bundle")  # as git sees it, it is one
    assert list((walled.common / "objects").rglob("*.promisor")) == []


WITHOUT_MAILBOX = (
    "c=$(printf 'tree %s\nparent %s\nauthor nobody\ncommitter nobody\n\nx\n' $(git rev-parse HEAD^{tree} HEAD)"
    " | git hash-object -t commit -w --literally --stdin) && git update-ref HEAD $c"
)


def test_what_git_finds_broken_is_not_brought_out(walled: Place) -> None:
    with walled.open() as lab:
        do(lab, WITHOUT_MAILBOX)
        change = lab.snapshot(walled.head, "x")
    assert kinds(change) == [("rewritten-history", ".git")]
    assert walled.ref("gen-1/own") is None
    walled.repository.git("fsck")


def test_a_persons_setting_has_no_broken_commit_brought_out(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if place.kind == "worktree":
        pytest.skip("its objects are the hub's own")
    (tmp_path / "global").write_text("[fetch]\n\tfsckObjects = false\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "global"))
    with place.open() as lab:
        do(lab, WITHOUT_MAILBOX)
        lab.snapshot(place.head, "x")
    assert place.ref("gen-1/own") is None
