"""Nothing that a maker sets up in a lab runs on the host, leads out of the lab, or brings a secret into the history."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from .conftest import GOOD, KEY, Scripted, Shop, bash, good_maker, judges, maker, write
from .refusals import assert_refused, assert_tidy, begun, in_labs

# ---------------------------------------------------------------- what a lab could make the host run

HOOKS = "post-checkout post-index-change pre-commit post-commit reference-transaction pre-auto-gc"

PROGRAM = '#!/bin/sh\n[ -n "$LOOPWRIGHT_LAB" ] || touch {marker}\ncat 2>/dev/null\n'
"""Leaves a mark wherever it runs but in a lab."""

TRAPS = {
    "core.fsmonitor": 'git config core.fsmonitor "$trap"',
    "hooks": f'for hook in {HOOKS}; do cp "$trap" ".git/hooks/$hook"; done',
    "core.hooksPath": f'mkdir src/h; for h in {HOOKS}; do cp "$trap" src/h/$h; done; git config core.hooksPath src/h',
    "a clean filter": 'git config filter.x.clean "$trap"; echo "* filter=x" > src/.gitattributes; touch src/*.py',
    "a process filter": 'git config filter.x.process "$trap"; echo "* filter=x" > .git/info/attributes; touch src/*.py',
    "textconv": 'git config diff.x.textconv "$trap"; echo "*.py diff=x" > src/.gitattributes',
    "an external diff": 'git config diff.external "$trap"',
    "a merge driver": 'git config merge.x.driver "$trap"; echo "* merge=x" > src/.gitattributes',
    "a fetch's program": 'git config uploadpack.packObjectsHook "$trap"; git config core.alternateRefsCommand "$trap"',
    "an include": 'printf "[core]\\n\\tfsmonitor = %s\\n" "$trap" > src/c; git config include.path ../src/c',
}

_BY_HAND = (
    "status",
    "diff",
    "add -A",
    "commit -qm more --allow-empty",
    "diff HEAD~1",
    "checkout -q -b other",
    "gc -q",
    "fetch -q . HEAD",
)
_NEEDS_MORE = {"a merge driver", "a fetch's program"}  # to be sprung these want two sides, or another git's settings


def trap(folder: Path, name: str) -> tuple[str, Path]:
    """The command that sets a trap, and the mark that the trap leaves when the host runs it."""
    marker, program = folder / "sprung", folder / "trap"
    program.write_text(PROGRAM.format(marker=marker))
    program.chmod(0o755)
    return f"trap={program}; mkdir -p .git/hooks .git/info; {TRAPS[name]}", marker


@pytest.mark.parametrize("name", [name for name in TRAPS if name not in _NEEDS_MORE])
def test_every_trap_works_on_a_careless_host(shop: Shop, tmp_path: Path, name: str) -> None:
    """The control: git used by hand in a folder that a maker wrote in leaves the mark."""
    command, marker = trap(tmp_path, name)
    env = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "LOOPWRIGHT_"))}
    subprocess.run(["bash", "-c", command], cwd=shop.path, check=True, env=env)
    shop.write("src/pricing.py", GOOD)

    for words in _BY_HAND:
        subprocess.run(["git", *words.split()], cwd=shop.path, env=env, capture_output=True, timeout=60)

    assert marker.exists()


@pytest.mark.parametrize("name", TRAPS)
def test_the_host_runs_nothing_that_a_lab_set_up(scripted: Scripted, tmp_path: Path, name: str) -> None:
    command, marker = trap(tmp_path, name)
    commits = bash("git add -A; git commit -qm mine; true")
    shop = scripted([maker(bash(command), write("src/pricing.py", GOOD), commits), *judges()])

    told = begun(shop)

    assert told.json["landed"], told.json
    assert shop.read("src/pricing.py") == GOOD
    assert not marker.exists()
    assert_tidy(shop)


def test_a_git_dir_that_was_swapped_for_another_runs_nothing_on_the_host(scripted: Scripted, tmp_path: Path) -> None:
    command, marker = trap(tmp_path, "core.fsmonitor")
    other = tmp_path / "other"
    swap = f"git init -q {other} && cd {other} && {command} && git -C {other} commit -q --allow-empty -m x; cd - && "
    swap += f"rm -rf .git && echo 'gitdir: {other}/.git' > .git"
    shop = scripted([maker(write("src/pricing.py", GOOD), bash(swap)), *judges()])

    assert_refused(shop, begun(shop), "hazards", "rewritten-history")

    assert not marker.exists()


# ---------------------------------------------------------------- ways out of the lab


@pytest.mark.parametrize(("target", "why"), [("/etc/passwd", "absolute"), ("../../../outside", "climbs out")])
def test_a_link_out_of_the_lab_is_refused(scripted: Scripted, target: str, why: str) -> None:
    shop = scripted([maker(write("src/pricing.py", GOOD), bash(f"ln -s {target} src/link")), *judges()])

    assert_refused(shop, begun(shop), "hazards", "escaping-symlink")

    assert why in shop.page(1)
    assert not (shop.path / "src/link").is_symlink()


def test_a_nested_repository_is_refused_and_its_files_are_kept(scripted: Scripted, tmp_path: Path) -> None:
    command, marker = trap(tmp_path, "core.fsmonitor")
    nest = f"git init -q src/inner && cd src/inner && echo 1 > a && git add a && git commit -qm in && {command}"
    shop = scripted([maker(write("src/pricing.py", GOOD), bash(nest)), *judges()])

    assert_refused(shop, begun(shop), "hazards", "nested-repository")

    assert shop.git("show", "refs/loopwright/attempts/1/1/1:src/inner/a") == "1"
    assert not marker.exists()


def test_a_process_that_a_maker_leaves_behind_ends_with_the_lab(scripted: Scripted) -> None:
    shop = scripted(
        [maker(write("src/pricing.py", GOOD), bash("setsid sleep 300 >/dev/null 2>&1 & disown")), *judges()]
    )

    assert begun(shop).json["landed"]

    assert in_labs(shop) == []


# ---------------------------------------------------------------- secrets

DRAWN = "sk-ant-api03-" + "Zq8vR2mX7tLw4KpB9nYc3HdF6jGs1QeU"
"""Has the shape of a key, and is none."""


def test_a_key_in_a_file_is_refused_by_its_place_and_never_shown(scripted: Scripted) -> None:
    turns = [write("src/pricing.py", GOOD), write("src/config.py", f'\nKEY = "{DRAWN}"\n')]
    shop = scripted([maker(*turns), *judges()])

    told = begun(shop)

    assert_refused(shop, told, "secrets", "secrets")
    assert "src/config.py:2: looks like a secret: anthropic key" in shop.page(1)
    record = shop.git("show", "refs/loopwright/runs/1:record.json")
    assert DRAWN not in told.out + told.err + shop.page(1) + record
    assert DRAWN not in shop.git("log", "-p", "-m", "--text", "--no-textconv", "--all")


def test_an_attempt_that_held_a_key_is_kept_without_it(scripted: Scripted) -> None:
    """In plain text, in UTF-16, in a file's name: no ref leads to it, and the rest of what was written stays."""
    wide = f"printf 'key={DRAWN}' | iconv -t UTF-16 > src/wide.txt"
    named = f"echo inside > src/{KEY}.txt; echo '{DRAWN} and more' > src/plain.txt; chmod +x src/plain.txt"
    shop = scripted([maker(write("src/pricing.py", GOOD), bash(f"{wide}; {named}")), *judges()])

    told = begun(shop)

    assert_refused(shop, told, "secrets", "secrets")
    kept = "refs/loopwright/attempts/1/1/1"
    assert shop.git("show", f"{kept}:src/pricing.py") == GOOD.strip()
    assert shop.git("show", f"{kept}:src/plain.txt") == "[redacted: anthropic key] and more"
    assert shop.git("ls-tree", kept, "src/plain.txt").startswith("100755 ")
    names = shop.git("log", "--all", "--name-only", "--format=%B")
    assert KEY not in names
    reachable = shop.git("rev-list", "--objects", "--all", "--no-object-names").split()
    assert DRAWN not in contents(shop, reachable).replace("\0", "")


OWN = "hw8-Vq2mX7tLw4KpB9nYc3HdF6jGs1Qe"
DOTENV = "dotenv-Rk5sWz8vR2mX7tLw4KpB9nYc3"


def test_the_hosts_keys_are_in_no_lab_object_log_or_page(scripted: Scripted) -> None:
    shop = scripted([maker(bash("env | sort | tee src/environment.txt"), write("src/pricing.py", GOOD)), *judges()])
    shop.door.env |= {"MY_SECRET_TOKEN": OWN}
    (shop.path / ".env").write_text(f"SHOP_API_KEY={DOTENV}\nLOOPWRIGHT_MAX_ITERATIONS=30\n")
    (shop.path / ".git/info/exclude").write_text(".env\n")

    told = begun(shop)

    assert told.json["landed"], told.json
    seen = shop.read("src/environment.txt")
    assert "PATH=" in seen
    assert [name for name in ("MY_SECRET_TOKEN", "ANTHROPIC", "SHOP_API_KEY", "MAX_ITERATIONS") if name in seen] == []
    keys = [KEY, OWN, DOTENV]
    assert [
        key for key in keys if key in told.out + told.err + str([asked.body for asked in shop.model.requests])
    ] == []
    assert leaks(shop, keys) == []


def leaks(shop: Shop, keys: list[str]) -> list[str]:
    """Every object, and every file of the repository and of the home folder, that holds one of the keys."""
    objects = shop.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)").split()
    assert len(objects) > 20
    dump = contents(shop, objects)
    found = [f"object: {key}" for key in keys if key in dump]
    for path in (path for path in shop.path.parent.rglob("*") if path.is_file() and path.name != ".env"):
        data = path.read_bytes()
        found += [f"{path}: {key}" for key in keys if key.encode() in data]
    return found


def contents(shop: Shop, objects: list[str]) -> str:
    """All these objects, one after the other, a byte a character."""
    return subprocess.run(
        ["git", "cat-file", "--batch"],
        cwd=shop.path,
        input="\n".join(objects),
        capture_output=True,
        check=True,
        encoding="latin-1",
    ).stdout


def test_what_a_maker_prints_of_a_key_is_masked_before_it_is_kept(scripted: Scripted) -> None:
    """A clone hides nothing of the machine: what a command finds there is masked in everything that is written."""
    found = bash('cat "$(cat .git/objects/info/alternates)/../../.env"')
    shop = scripted([maker(found, write("src/pricing.py", GOOD)), *judges()])
    (shop.path / ".env").write_text(f"SHOP_API_KEY={DOTENV}\n")
    (shop.path / ".git/info/exclude").write_text(".env\n")

    assert begun(shop).json["landed"]

    assert "[redacted: known value]" in shop.git("show", "refs/loopwright/runs/1:transcripts/1-1-maker.jsonl")
    assert leaks(shop, [DOTENV]) == []


def test_a_good_maker_passes_all_of_this(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])

    assert begun(shop).json["landed"]

    assert_tidy(shop)
