"""A run in containers, from the plan to the landing: with this machine's system, with an image's, and killed."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sysconfig
import tarfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from loopwright import workshop
from loopwright.labs import container
from loopwright.testing.frontdoor import until
from loopwright.testing.script import Say, Session, Turn

from .conftest import GOOD, KEY, PLAN, Scripted, Shop, bash, good_maker, judges, maker, write
from .test_gateway import ASK
from .test_walls import as_root, at_work, hostile, in_labs_of, lab_of, without

LACKING = workshop.lacking("container")
pytestmark = pytest.mark.skipif(bool(LACKING), reason=LACKING or "there is one")


def standing(shop: Shop) -> list[str]:
    """The labels of the containers that the engine knows of, as far as they are of labs of a shop."""
    told = container.found().ask("ps", "-a", "--format", "{{.Labels}}")
    return [line for line in told.splitlines() if str(shop.path.parent) in line]


def test_a_hostile_maker_finds_no_key_and_its_plan_lands_out_of_a_container(
    shop: Shop, scripted: Scripted, tmp_path: Path
) -> None:
    secret = tmp_path / "id_rsa"
    secret.write_text("pl4nted-private-key")
    in_labs_of("container", scripted([hostile(shop, secret), *judges()]))
    shop.write(".env", "SOME_API_KEY=pl4nted-in-dotenv\n")
    shop.write(".gitignore", ".env\n")
    shop.commit("keys stay out of git")
    shop.plan("fix", PLAN)

    result = shop.door("run", "fix", "--json").json

    assert (result["outcome"], result["landed"], result["incident"]) == ("met", True, None)
    assert lab_of(shop, result["run"]) == "container"
    assert not (shop.path / "late").exists()
    assert not (shop.path / ".git/hooks/post-commit").exists()
    for planted in (KEY, "pl4nted"):
        assert planted not in shop.git("log", "-p", "--all")
    assert shop.door("fsck").code == 0
    assert standing(shop) == []


def test_a_plan_may_demand_a_container_and_a_program_in_it_reaches_the_model_alone(scripted: Scripted) -> None:
    shop = scripted([*judges(), Session(turns=[Turn(Say("Deliverables: src/pricing.py\nEvidence: tests"))])])
    shop.write("tools/ask.py", ASK)
    program = "name: maker\ndescription: x\nbackend: command\ncommand: python3 tools/ask.py"
    shop.write("agents/maker.md", f"---\n{program}\n---\nMake.\n")
    shop.commit("a program makes")

    ran = shop.door("run", shop.plan("fix", PLAN.replace("merge: auto", "merge: auto\nlab: container")), "--json")

    assert (ran.code, ran.json["landed"]) == (0, True), ran.err
    assert lab_of(shop, 1) == "container"
    (asked,) = (one for one in shop.model.requests if one.first == "Hi")
    assert shop.record(1)["roles"]["maker"]["usage"]["output"] == asked.spent["output_tokens"]


# ---------------------------------------------------------------- killed


def test_after_a_kill_no_container_is_left_and_the_run_is_gone_on_with(scripted: Scripted) -> None:
    slow = bash("test -e ../home/begun || { touch ../home/begun; (setsid sleep 300 &); sleep 300; }")
    shop = in_labs_of("container", scripted([maker(slow, write("src/pricing.py", GOOD)), *judges()]))
    shop.plan("fix", PLAN)
    run = shop.door.start("run", "fix")
    until(lambda: len(at_work(shop)) > 2, seconds=60, what="the commands in the lab")

    run.kill()

    until(lambda: not at_work(shop), seconds=5, what="the end of all that was in it")
    until(lambda: not standing(shop), seconds=20, what="the engine's own clearing away")
    assert shop.door("run", "fix").code == 0
    assert shop.read("src/pricing.py") == GOOD


# ---------------------------------------------------------------- images


def closure(programs: Sequence[str]) -> Iterator[Path]:
    """These programs of the host's, and the libraries that they are linked with."""
    for program in programs:
        yield Path(program)
        told = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
        yield from (Path(word) for line in told.splitlines() for word in line.split() if word.startswith("/"))


@pytest.fixture
def image() -> Iterator[Callable[..., str]]:
    """Imports an image with parts of this machine's system, and without the others. No registry is asked."""
    engine, made = container.found(), list[str]()

    def build(*programs: str) -> str:
        found = [path for name in programs if (path := shutil.which(name, path="/usr/bin"))]
        files = {*closure(found)}
        if "python3" in programs:
            library = Path(sysconfig.get_path("stdlib", vars={"base": "/usr", "installed_base": "/usr"}))
            parts = [
                path for path in library.rglob("*") if path.is_file() and not {"test", "__pycache__"} & {*path.parts}
            ]
            files |= {*parts, *closure([str(path) for path in parts if path.suffix == ".so"])}
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w", dereference=True) as tar:
            for file in sorted({file if file.is_relative_to("/usr") else Path(f"/usr{file}") for file in files}):
                tar.add(file, recursive=False)
            for name in ("bin", "lib", "lib64"):
                link = tarfile.TarInfo(name)
                link.type, link.linkname = tarfile.SYMTYPE, f"usr/{name}"
                tar.addfile(link)
            word = tarfile.TarInfo("etc/word")
            word.size = 8
            tar.addfile(word, io.BytesIO(b"imported"))
        made.append(f"localhost/loopwright-test-{os.getpid()}:{len(made)}")
        engine.ask("import", "--change", "ENV PATH=/usr/bin:/bin", "-", made[-1], data=data.getvalue())
        return made[-1]

    yield build
    for name in made:
        engine.ask("image", "rm", name)


def in_labs_from(name: str, shop: Shop) -> Shop:
    shop.write("agents/LOOPS.md", shop.read("agents/LOOPS.md").replace("lab: clone", f"lab: container\nimage: {name}"))
    shop.commit("work in labs from an image")
    return shop


TOOLS = ("sh", "bash", "env", "git", "python3", "cat", "true")


def test_a_plan_lands_out_of_an_image_with_its_tools_and_path(scripted: Scripted, image: Callable[..., str]) -> None:
    looks = maker(
        bash("cat /etc/word; echo $PATH; ls; python3 -c 'import sys; print(sys.prefix)'"), *good_maker().turns
    )
    shop = in_labs_from(image(*TOOLS), scripted([looks, *judges()]))

    ran = shop.door("run", shop.plan("fix"), "--json")

    assert (ran.code, ran.json["landed"]) == (0, True), ran.err
    assert lab_of(shop, 1) == "container"
    seen = shop.git("show", "refs/loopwright/runs/1:transcripts/1-1-maker.jsonl")
    assert "imported/" in seen
    assert "/node_modules/.bin:/usr/bin:/bin\\n" in seen
    assert "ls: command not found" in seen  # the image has none, and the host's isn't seen


def test_a_coding_agent_is_looked_for_in_the_image(
    scripted: Scripted, image: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "codex").touch(mode=0o755)  # this machine has it, which helps nobody there
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("OPENAI_API_KEY", "a-key-for-nothing")
    shop = in_labs_from(name := image(*TOOLS), scripted([*judges()]))
    shop.write("agents/maker.md", "---\nname: maker\ndescription: x\nbackend: codex\n---\nMake.\n")

    ran = shop.door("run", shop.plan("fix"))

    assert (ran.code, shop.claims) == (4, [])
    assert "needs the program codex, which isn't in the image of agents/LOOPS.md" in ran.err
    assert container.has_program(name, "git")


def test_an_image_that_is_not_there_or_will_not_do_is_refused_and_not_pulled(
    shop: Shop, scripted: Scripted, image: Callable[..., str]
) -> None:
    in_labs_from("localhost/nothing-of-this-name:1", scripted([good_maker(), *judges()]))
    ran = shop.door("run", shop.plan("fix"))
    assert (ran.code, shop.claims) == (2, [])
    assert "the image localhost/nothing-of-this-name:1 isn't there, and none is pulled during a run" in ran.err
    assert "pull localhost/nothing-of-this-name:1`" in ran.err

    small = image("sh")
    shop.write("agents/LOOPS.md", shop.read("agents/LOOPS.md").replace("localhost/nothing-of-this-name:1", small))
    told = shop.door("doctor").out
    assert f"the image {small} has no python3 and no git on its PATH" in told


# ---------------------------------------------------------------- what isn't there


@as_root
def test_where_there_is_no_engine_a_container_is_refused_before_anything_is_made(scripted: Scripted) -> None:
    shop = scripted([good_maker(), *judges()])
    shop.plan("fix", PLAN.replace("merge: auto", "merge: auto\nlab: container"))

    ran = without(["podman", "docker"], shop, "run", "fix")

    assert ran.returncode == 2, ran.stderr
    assert "a lab of kind `container` was asked for, and can't be had here: neither podman nor docker" in ran.stderr
    assert "apt install podman" in ran.stderr
    assert shop.git("for-each-ref", "refs/loopwright") == ""
