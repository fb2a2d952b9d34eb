"""LOOPWRIGHT_NETWORK: what labs reach beside the model, and that nobody is promised what can't be held."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from loopwright import workshop
from loopwright.labs import container

from .conftest import PLAN, Scripted, good_maker, judges
from .test_walls import in_labs_of

sandboxed = pytest.mark.skipif(bool(workshop.lacking("sandbox")), reason=workshop.lacking("sandbox"))
contained = pytest.mark.skipif(bool(workshop.lacking("container")), reason=workshop.lacking("container"))

JOINED = PLAN.replace("## Goal", "## Checks\n- `grep -q eth0 /proc/net/dev`\n\n## Goal")


@pytest.fixture
def network() -> Iterator[str]:
    """A network of the engine's."""
    name = f"loopwright-test-{os.getpid()}"
    container.found().ask("network", "create", name)
    yield name
    container.found().ask("network", "rm", name)


@pytest.mark.parametrize(
    ("kind", "chosen", "problem"),
    [
        ("clone", "none", "nothing keeps a lab of kind `clone` from the network"),
        ("clone", "office", "a lab of kind `clone` joins no network by name"),
        pytest.param("sandbox", "office", "a lab of kind `sandbox` joins no network by name", marks=sandboxed),
        pytest.param("container", "no-such-network", "has no network no-such-network", marks=contained),
        pytest.param("container", "host", "is no name of a container network", marks=contained),
        pytest.param("container", "container:other", "is no name of a container network", marks=contained),
    ],
)
def test_what_a_kind_cannot_be_held_to_is_refused(scripted: Scripted, kind: str, chosen: str, problem: str) -> None:
    shop = scripted([good_maker(), *judges()])
    if kind != "clone":
        in_labs_of(kind, shop)

    told = shop.door("run", shop.plan("fix"), env={"LOOPWRIGHT_NETWORK": chosen})

    assert told.code == 2
    assert problem in told.err
    assert f"LOOPWRIGHT_NETWORK={chosen}" in told.err
    assert shop.door("runs", "--json").json["runs"] == []


@sandboxed
def test_without_any_network_the_built_in_roles_work_and_an_agent_is_refused(scripted: Scripted) -> None:
    shop = in_labs_of("sandbox", scripted([good_maker(), *judges()]))
    shop.write(".env", "LOOPWRIGHT_NETWORK=none\n")
    shop.write(".gitignore", ".env\n")
    shop.commit("no network for labs")
    assert shop.door("run", shop.plan("fix"), "--json").json["landed"]

    shop.write("agents/maker.md", "---\nname: maker\ndescription: x\nbackend: claude-code\n---\nMake.\n")
    told = shop.door("run", shop.plan("more"))
    assert (told.code, "which LOOPWRIGHT_NETWORK=none forbids" in told.err) == (2, True), told.err


@contained
def test_a_container_joins_a_network_that_was_named_and_the_run_says_so(scripted: Scripted, network: str) -> None:
    shop = in_labs_of("container", scripted([good_maker(), *judges()]))

    told = shop.door("run", shop.plan("fix", JOINED), "--json", env={"LOOPWRIGHT_NETWORK": network})

    assert told.json["landed"], told.err
    assert f"what runs in a lab reaches the container network {network}" in told.err


@contained
def test_by_itself_a_container_has_no_network(scripted: Scripted) -> None:
    shop = in_labs_of("container", scripted([good_maker()] * 3))
    assert not shop.door("run", shop.plan("fix", JOINED), "--json").json["landed"]
