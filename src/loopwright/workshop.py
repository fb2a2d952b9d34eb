"""Chooses who and what a workshop consists of: the one room that knows every lab, backend and check by name."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from loopwright.backends.agents import AGENTS
from loopwright.backends.anthropic import Anthropic, horizon
from loopwright.backends.command import Command
from loopwright.backends.scripted import Scripted
from loopwright.contracts import Backend, Clock, OpenLab, Site, Tree, Workshop
from loopwright.errors import BadUse
from loopwright.folders import agents, dotenv, skills
from loopwright.folders.trees import DiskTree
from loopwright.journal.hub import Hub
from loopwright.labs import clone, container, room, sandbox, worktree
from loopwright.loops import starting
from loopwright.models.defaults import access, choose
from loopwright.vocabulary import Allowance, Event, Loops, Plan, Role, Skill, Standard

LABS: dict[str, OpenLab] = {
    "clone": clone.open_lab,
    "container": container.open_lab,
    "sandbox": sandbox.open_lab,
    "worktree": worktree.open_lab,
}
KINDS = ("auto", *LABS)
"""What LOOPS.md and a plan may ask for; `auto` takes the sandbox where it is to be had, else the clone."""

ISOLATION = ("worktree", "clone", "sandbox", "container")
"""The kinds of lab, from the least isolated one."""

_LACKING: dict[str, Callable[[], str]] = {"sandbox": sandbox.unavailable, "container": container.unavailable}
_MEND = {
    "sandbox": "install bubblewrap (`apt install bubblewrap`), and let users make namespaces",
    "container": "install podman (`apt install podman`) or docker, and see that you may run containers with limits",
}

BACKENDS: dict[str, Backend] = {
    "anthropic": Anthropic(),
    "command": Command(),
    "scripted": Scripted(),
    **AGENTS,
}
LEFT_OUT = "none"
"""The backend of a role that nobody plays."""

WORKING = ("maker", "checker", "goal-checker", "reviewer")
"""The roles that running a plan asks for."""

Configuration = tuple[Loops, tuple[str, ...]]
"""LOOPS.md as it is in force, and what a person should know about that."""

_MOST_CONTEXT = 32_768
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL", re.IGNORECASE)


def settings(hub: Hub, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment with the repository's `.env` under it."""
    return {**dotenv.read(DiskTree(hub.top)), **environ}


def assemble(
    hub: Hub,
    environ: Mapping[str, str],
    configured: Configuration,
    *,
    clock: Clock,
    tell: Callable[[Event], None] = lambda event: None,
    plan: Plan | None = None,
) -> Workshop:
    """Read `agents/` and `skills/`, and put a workshop together from the names found there.

    Raises BadUse and BadFiles for what a person has to mend; nothing has been claimed or written by then.
    """
    env = settings(hub, environ)
    loops, notes = configured
    kind, why = lab_kind(loops, plan)
    joined, told = network(kind, env)
    tree = starting.tree_of(hub, loops.mainline)

    def known_skills() -> dict[str, Skill]:
        found = skills.read_all(tree)[0]
        by_folder = {skills.home(skill.path): skill for skill in found}
        return by_folder | {skill.name: skill for skill in found}

    return Workshop(
        site=Site(
            hub.top, hub.common, hub.labs, hub.object_format, environ, {"core": 0}, floor(env), loops.image, joined
        ),
        loops=loops,
        lab_kind=kind,
        open_lab=lab(kind),
        role=lambda name: _role(tree, name, env),
        skills=known_skills,
        context=lambda: context(tree),
        backend=backend,
        model=lambda role: _model(tree, role, env),
        allowance=allowance(env),
        clock=clock,
        tell=tell,
        env=env,
        secrets=secrets(env),
        notes=(*notes, *why, *told),
    )


def configuration(hub: Hub) -> Configuration:
    """LOOPS.md as it is in force: gates and test globs from the mainline's commit, the rest from where people edit.

    Raises BadFiles where LOOPS.md or the mainline's STANDARDS.md doesn't read.
    """
    first = (
        agents.loops(starting.tree_of(hub, hub.head_branch or "main")) if hub.head_branch else agents.loops(_head(hub))
    )
    mainline = first.mainline if "mainline" in first.raw or hub.tip(first.mainline) else hub.head_branch or "main"
    tip = starting.mainline_tip(hub, mainline)
    disk, committed = starting.tree_of(hub, mainline), hub.tree(tip)
    edited, kept = agents.loops(disk), agents.loops(committed)
    agents.standards.read(committed)  # they are gates: where they don't read, nothing is run
    notes: tuple[str, ...] = ()
    if (kept.checks, kept.tests, kept.protected) != (edited.checks, edited.tests, edited.protected):
        notes = ("agents/LOOPS.md has uncommitted gates: the mainline's own (checks, tests, protected) are in force",)
    if disk.read(agents.standards.PATH) != committed.read(agents.standards.PATH):
        notes += (f"{agents.standards.PATH} has uncommitted edits: the mainline's own standards are in force",)
    protected = tuple(dict.fromkeys((*kept.protected, *edited.protected)))
    in_force = replace(edited, mainline=mainline, checks=kept.checks, tests=kept.tests, protected=protected)
    return in_force, notes


def standards(hub: Hub, loops: Loops) -> tuple[Standard, ...]:
    """The standards that are in force: those of the mainline's commit."""
    return agents.standards.read(hub.tree(starting.mainline_tip(hub, loops.mainline)))


def _head(hub: Hub) -> Tree:
    return hub.tree("HEAD")


def must_be_on_a_branch(hub: Hub) -> None:
    """Work needs a HEAD on a branch with a commit. Raises BadUse."""
    if hub.git.resolve("HEAD") is None:
        raise starting.without_commit(hub)
    if hub.head_branch is None:
        raise BadUse("HEAD is detached: it names no branch", "go to one: `git switch main`")


def lab_kind(loops: Loops, plan: Plan | None = None) -> tuple[str, tuple[str, ...]]:
    """The kind of lab, and what a person should know about it. A plan may ask for more isolation, never for less.

    Raises BadUse for a kind that isn't to be had here.
    """
    asked = [loops.lab, *([plan.lab] if plan and plan.lab else [])]
    without = lacking("sandbox") if "auto" in asked else ""
    kinds = [("clone" if without else "sandbox") if kind == "auto" else _had(kind) for kind in asked]
    kind = max(kinds, key=_strength)
    if kind == "container" and loops.image:
        _must_do(loops.image)
    if without and kind == "clone":
        why = f"lab: clone (no sandbox here: {without}): a command in it runs as you, and can see what you can see"
        return kind, (why,)
    return kind, ()


def _strength(kind: str) -> int:
    """How much a kind isolates, by the list; a kind of one's own is taken for more than all of ours."""
    return ISOLATION.index(kind) if kind in ISOLATION else len(ISOLATION)


def _had(kind: str) -> str:
    """A kind that is to be had here. Raises BadUse, and takes no other one in its place."""
    lab(kind)
    if without := lacking(kind):
        raise BadUse(f"a lab of kind `{kind}` was asked for, and can't be had here: {without}", mend(kind))
    return kind


def network(kind: str, env: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """What labs of a kind reach, by LOOPWRIGHT_NETWORK, and what a person should know about it: `gateway` (a model
    alone), `none`, or the name of a container network beside the model.

    Raises BadUse for what this kind can't be held to.
    """
    chosen = env.get("LOOPWRIGHT_NETWORK") or "gateway"
    asked = f"LOOPWRIGHT_NETWORK={chosen}"
    if chosen == "gateway":
        return chosen, ()
    if chosen == "none":
        if kind in ("worktree", "clone"):
            raise BadUse(f"{asked}: nothing keeps a lab of kind `{kind}` from the network", "`lab: sandbox`")
        return chosen, ()
    if kind != "container":
        raise BadUse(
            f"{asked}: a lab of kind `{kind}` joins no network by name", "`none`, `gateway`, or `lab: container`"
        )
    if problem := container.lacks_network(chosen):
        raise BadUse(f"{asked}: {problem}", "`none`, `gateway`, or the name of a network that the engine lists")
    return chosen, (f"network: what runs in a lab reaches the container network {chosen} ({asked})",)


def _must_do(image: str) -> None:
    """See that labs can be opened from an image. Raises BadUse; it is not pulled, which may take long and isn't asked
    for."""
    problem, mend = container.lacks(image)
    if problem:
        raise BadUse(f"agents/LOOPS.md: image: {problem}", mend)


def lacking(kind: str) -> str:
    """Why a kind of lab can't be had on this machine, or ''."""
    return _LACKING[kind]() if kind in _LACKING else ""


def mend(kind: str) -> str:
    """What a person can do so that a kind can be had."""
    return _MEND.get(kind, "")


def lab(kind: str) -> OpenLab:
    """What opens labs of a kind. Raises BadUse for one that isn't to be had here."""
    found: OpenLab | None = LABS.get(kind) or imported(kind, "lab", callable)
    if found is None:
        known = ", ".join(sorted(LABS))
        mend = f"one of auto, {known}, or package.module:object (agents/LOOPS.md or the plan)"
        raise BadUse(f"there is no lab of kind `{kind}` here", mend)
    return found


def backend(role: Role) -> Backend | None:
    """Who plays a role; None when it is left out. Raises BadUse for a name that nobody answers to."""
    if role.backend == LEFT_OUT:
        return None
    found = BACKENDS.get(role.backend) or imported(role.backend, "backend", lambda made: hasattr(made, "work"))
    if found is None:
        where = role.path or f"agents/{role.name}.md"
        known = ", ".join((*sorted(BACKENDS), LEFT_OUT))
        raise BadUse(f"{where}: there is no backend `{role.backend}`", f"one of {known}, or package.module:object")
    return found


def imported(name: str, what: str, fits: Callable[[Any], bool]) -> Any:
    """`package.module:object` out of what is installed beside loopwright, a class being called; None for a name that
    has no such form. Raises BadUse where there is none, or none that `fits`."""
    module, _, attribute = name.partition(":")
    if not attribute:
        return None
    try:
        found = getattr(importlib.import_module(module), attribute)
        made = found() if isinstance(found, type) else found
    except Exception as problem:  # a module of somebody else's: it may raise whatever it likes
        raise BadUse(f"the {what} `{name}` can't be imported: {problem}", "install it beside loopwright") from problem
    if not fits(made):
        raise BadUse(
            f"`{name}` is no {what}", f"name an object that has the methods of a {what} (loopwright.contracts)"
        )
    return made


def _role(tree: Tree, name: str, env: Mapping[str, str]) -> Role:
    """The role as its file says. One that has no file keeps its built-in turns unless the environment has others."""
    found = agents.role(tree, name)
    return replace(found, max_turns=None) if not found.path and env.get("LOOPWRIGHT_MAX_ITERATIONS") else found


def _model(tree: Tree, role: Role, env: Mapping[str, str]) -> str | None:
    """The model by role file, environment, default; None for a role that no model plays."""
    if role.backend != "anthropic" and (role.backend not in AGENTS or AGENTS[role.backend].definition.api == "openai"):
        return role.model
    maker = agents.role(tree, "maker")
    return choose(role.name, role.model, env, maker.model or choose("maker", None, env))


def preflight(shop: Workshop) -> None:
    """See that every role of a run can be played, before anything is claimed. Raises BadUse, BadFiles, Unreachable."""
    for name in WORKING:
        role = shop.role(name)
        player = backend(role)
        if player is None and name == "maker":
            raise BadUse("without a maker nothing is made", "write `backend: anthropic` in agents/maker.md")
        if role.backend == "command" and not role.command:
            raise BadUse(f"{role.path}: backend: command, but there is no `command:`", "add the line `command: ...`")
        if role.backend == "anthropic":
            access(name, shop.env)
            horizon(shop.env)
        if role.backend in AGENTS:
            if shop.site.network == "none":
                told = f"the backend {role.backend} (role {name}) asks its model from inside the lab"
                raise BadUse(
                    f"{told}, which LOOPWRIGHT_NETWORK=none forbids", "take that setting away, or say `gateway`"
                )
            AGENTS[role.backend].ready(name, shop.env, image_of(shop))


def image_of(shop: Workshop) -> Callable[[str], bool] | None:
    """Whether programs are in the image that labs are made of; None where they are this machine's."""
    if shop.lab_kind != "container" or not shop.site.image:
        return None
    return partial(container.has_program, shop.site.image)


def context(tree: Tree) -> str:
    """What every role is told of the repository: AGENTS.md, CONTEXT.md, and the goals without their commands."""
    told = (
        ("AGENTS.md", (tree.read("AGENTS.md") or b"").decode(errors="replace")),
        ("agents/CONTEXT.md", agents.context(tree)),
        ("agents/GOALS.md", agents.goals_text(tree)),
    )
    return "\n\n".join(f"# {name}\n\n{_bounded(name, text.strip())}" for name, text in told if text.strip())


def _bounded(name: str, text: str) -> str:
    if len(text) <= _MOST_CONTEXT:
        return text
    return f"{text[:_MOST_CONTEXT]}\n[{len(text) - _MOST_CONTEXT} more characters: read {name}]"


def floor(env: Mapping[str, str]) -> int:
    """Bytes that must be free beside a lab's own files. Raises BadUse for a number that is none."""
    return _number(env, "LOOPWRIGHT_DISK_FLOOR_MB", 256) << 20


def must_have_room(shop: Workshop, commit: str) -> None:
    """See that a lab of a commit has room, before anything is claimed. Raises NoRoom."""
    room.must_be(shop.site, commit)


def allowance(env: Mapping[str, str]) -> Allowance:
    """The ceilings of one session, from the environment. Raises BadUse for a number that is none."""
    return Allowance(
        turns=_number(env, "LOOPWRIGHT_MAX_ITERATIONS", 40, least=1),
        seconds=_number(env, "LOOPWRIGHT_LAB_TIMEOUT_MS", 300_000, least=1) / 1000,
        tokens=_number(env, "LOOPWRIGHT_TOKEN_BUDGET", 0) or None,
    )


def _number(env: Mapping[str, str], name: str, default: int, least: int = 0) -> int:
    text = env.get(name) or str(default)
    if not text.isdecimal() or int(text) < least:
        wanted = "whole number above 0" if least else "whole number"
        raise BadUse(f"{name} is {text!r}, which is no {wanted}", f"for example {name}={default}")
    return int(text)


def secrets(env: Mapping[str, str]) -> tuple[str, ...]:
    """Values that must never be written anywhere: of variables whose names say so."""
    return tuple(sorted({env[name] for name in secret_names(env)}))


def secret_names(env: Mapping[str, str]) -> tuple[str, ...]:
    """The names of these variables."""
    return tuple(name for name, value in env.items() if _SECRET.search(name) and len(value) >= 8)
