"""Keys that lie around where a person works are found nowhere afterwards, whoever played the maker in whichever lab."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from loopwright import workshop
from loopwright.backends.agents import DEFINITIONS
from loopwright.testing.endpoint import scripted_endpoint
from loopwright.testing.script import Call, Say, Session, Turn

from .conftest import KEY, Shop, maker

PROGRAMS = {definition.name: definition.program for definition in DEFINITIONS}
PLANTED = {
    "environment": "ghp-planted-in-the-environment-0123456789",
    "dotenv": "sk-planted-in-dotenv-0123456789abcdef",
    "home": "planted-in-the-home-folder-0123456789",
    "gitconfig": "planted-in-the-persons-git-config-01234",
    "remote": "planted-in-the-repositorys-git-config-0",
}
LOOK = """env; cat .env ../.env ../../.env ~/.env ~/.netrc ~/.gitconfig; git config --list; git remote -v; git log -p;
tr '\\0' '\\n' < /proc/self/environ; tr '\\0' '\\n' < /proc/1/environ; cat .git/config; set"""
PLAN = """---
merge: auto
---
# Look around.

## Scope
- `made.txt`

## Goal
- file `made.txt` exists
"""


def planted(shop: Shop) -> list[Path]:
    """Keys in the shop and around it; the files that they lie in."""
    home = Path(shop.door.env["HOME"])
    (home / ".env").write_text(f"TOKEN={PLANTED['home']}\n")
    (home / ".netrc").write_text(f"machine example.org login ada password {PLANTED['home']}\n")
    with (home / ".gitconfig").open("a") as file:
        file.write(f"[http]\n\textraheader = Authorization: Bearer {PLANTED['gitconfig']}\n")
    shop.git("remote", "add", "away", f"https://ada:{PLANTED['remote']}@example.org/shop.git")
    shop.write(".gitignore", ".env\n")
    shop.commit("ignored")
    shop.write(".env", f"SOME_SERVICE_API_KEY={PLANTED['dotenv']}\n")
    shop.door.env |= {"GITHUB_TOKEN": PLANTED["environment"], "OPENAI_API_KEY": KEY}
    return [home / name for name in (".env", ".netrc", ".gitconfig")] + [shop.path / ".env", shop.path / ".git/config"]


def installed(shop: Shop) -> None:
    """A stand-in on PATH for every agent's program."""
    tools = shop.path.parent / "tools/bin"
    tools.mkdir(parents=True)
    source = (Path(__file__).parents[1] / "backends/standin.py").read_text()
    for program in PROGRAMS.values():
        (tools / program).write_text(source)
        (tools / program).chmod(0o755)
    shop.door.env["PATH"] = os.pathsep.join([str(tools), shop.door.env["PATH"]])


def everything(shop: Shop) -> Iterator[tuple[str, bytes]]:
    """(where, bytes) of each file of the shop and its home, of all objects, and of what the model read."""
    for path in shop.path.parent.rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield str(path), path.read_bytes()
    words = ["git", "cat-file", "--batch", "--batch-all-objects", "--unordered"]
    yield "objects", subprocess.run(words, cwd=shop.path, check=True, capture_output=True).stdout
    yield "requests", repr([(asked.headers, asked.body) for asked in shop.model.requests]).encode()
    for words in (["log"], ["show", "1"], ["status"], ["runs"]):
        yield words[0], shop.door(*words).out.encode()


@pytest.mark.parametrize("lab", ["clone", "sandbox", "container"])
@pytest.mark.parametrize("agent", ["anthropic", *PROGRAMS])
def test_no_search_finds_a_planted_key(shop: Shop, agent: str, lab: str) -> None:
    if why := workshop.lacking(lab):
        pytest.skip(why)
    files = planted(shop)
    installed(shop)
    absolute = f"; cat {' '.join(map(str, files))}" if lab != "clone" else ""  # which has no walls
    look = LOOK + absolute
    turns = [Turn(Call("bash", command=f"{{ {look}; }} > made.txt 2>&1; cat made.txt"))]
    session = maker(*turns) if agent == "anthropic" else Session(role="maker", turns=[Turn(Say(f"$ {look}"))])
    for role in ("checker", "goal-checker", "reviewer"):
        shop.write(f"agents/{role}.md", f"---\nname: {role}\nbackend: none\n---\nNobody.\n")
    shop.write("agents/maker.md", f"---\nname: maker\nbackend: {agent}\nmodel: claude-opus-5-5\n---\nMake.\n")
    shop.write("agents/LOOPS.md", f"---\nmainline: main\nlab: {lab}\n---\n# Loops\n")
    shop.commit(f"{agent} in a {lab}")
    with scripted_endpoint([session], key=KEY) as shop.endpoint:
        url = shop.endpoint.url
        shop.door.env |= {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": url, "OPENAI_BASE_URL": f"{url}/v1"}
        ran = shop.door("run", shop.plan("look", PLAN), "--json")
        assert (ran.code, ran.json["landed"]) == (0, True), ran.out + ran.err

        assert "LOOPWRIGHT_LAB=" in shop.read("made.txt"), "it has looked"
        for where, data in everything(shop):
            found = {name for name, key in {**PLANTED, "key": KEY}.items() if key.encode() in data}
            assert not found or Path(where) in files, (where, found)
        told = ran.out + ran.err
        assert not [name for name, key in {**PLANTED, "key": KEY}.items() if key in told]
