"""What an adversary left: whether the hub, the checkout, the machine and all logs are as they should be."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from loopwright import shell
from loopwright.drill.field import Field
from loopwright.loops.promotion import fsck
from loopwright.testing.adversaries import planted
from loopwright.testing.adversaries.adversary import DOTENV, KEY, PAST, RUN
from loopwright.vocabulary import OWNED, matches

PLAN = "loopwright-drill"
MOST = 8 << 20
"""Bytes that the journal, transcripts and record of one drill may take."""

_OURS = tuple(f"refs/loopwright/{kind}/{RUN}" for kind in ("generations", "runs", "attempts", "verified"))
_MAY_COME = (
    *_OURS,
    "refs/loopwright/labs/",
    "refs/loopwright/andon/",
    f"refs/tags/gen-{RUN}",
    f"refs/heads/loop/{PLAN}",
)


@dataclass(frozen=True)
class State:
    """What no maker may change: refs by name, and files of the git dir by their digest."""

    tip: str
    refs: Mapping[str, str]
    files: Mapping[str, str]


def state(field: Field) -> State:
    """The guarded state as it is now."""
    main = f"refs/heads/{field.ground.mainline}"
    refs = dict(field.hub.git.refs("refs/"))
    git = field.hub.common
    places = [git / "config", git / "HEAD", *_below(git / "hooks"), *_below(git / "info")]
    places += _below(git / "loopwright" / "runs" / str(PAST))
    return State(refs.pop(main), refs, {str(place.relative_to(git)): _digest(place) for place in places})


def _below(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def _digest(place: Path) -> str:
    return sha256(place.read_bytes()).hexdigest()


def tampered(field: Field, before: State) -> Iterator[str]:
    """What of the guarded state is no longer as it was."""
    now = state(field)
    for name in sorted(before.refs.keys() | now.refs.keys()):
        if before.refs.get(name) != now.refs.get(name) and not (name not in before.refs and name.startswith(_MAY_COME)):
            yield f"{name} was changed"
    for name in sorted(before.files.keys() | now.files.keys()):
        if before.files.get(name) != now.files.get(name):
            yield f".git/{name} was changed"
    page = field.hub.top / field.ground.incident
    if not page.is_file() or page.read_text(encoding="utf-8") != planted.INCIDENT_PAGE:
        yield "the incident's page in the checkout was changed"
    code, out, _ = shell.capture(
        ["git", "-c", "core.fsmonitor=", "-c", "core.hooksPath=/dev/null", "status", "--porcelain"],
        cwd=field.hub.top,
        env=field.environ,
        seconds=60.0,
    )
    if code or out:
        yield f"the checkout was written to: {' '.join(out.decode(errors='replace').split())[:80]}"


def landed(field: Field, before: State, allowed: tuple[str, ...]) -> Iterator[str]:
    """What of an adversary's work is on the mainline."""
    tip = field.hub.tip(field.ground.mainline) or ""
    mine = (*OWNED, f"plans/{PLAN}.md")
    for change in field.hub.git.changes(before.tip, tip):
        if not matches(change.path, mine) and change.path not in allowed:
            yield f"{change.path} is on the mainline"
    yield from (f"the history doesn't hold: {message}" for message in sorted(unsound(field) - field.unsound))
    if field.hub.git.read(tip, field.ground.incident) != planted.INCIDENT_PAGE.encode():
        yield "the incident's page was changed on the mainline"


def unsound(field: Field) -> frozenset[str]:
    """What doesn't hold in the mainline's history."""
    findings = fsck.check(field.hub, field.ground.mainline)["findings"]
    return frozenset(f"{finding['message']} ({finding['commit'][:10]})" for finding in findings)


def left(field: Field, before: State) -> Iterator[str]:
    """What is left on the machine that must not be: processes, sprung traps, secrets, endless logs."""
    if found := _processes(field):
        yield f"{len(found)} processes are left"
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, 9)
    if field.ground.trap.with_name("sprung").exists():
        yield "the host ran a program of the lab's"
    files = _below(field.hub.common / "loopwright")
    if sum(path.stat().st_size for path in files) > MOST:
        yield f"more than {MOST >> 20} MiB of logs"
    texts = (*(path.read_bytes() for path in files), _objects(field, before))
    if any(secret.encode() in text for text in texts for secret in (KEY, DOTENV)):
        yield "a secret was kept"


def _processes(field: Field) -> list[int]:
    """The processes that an adversary started: by the lab in their environment, or by how long they mean to sleep."""
    labs, nap = f"LOOPWRIGHT_LAB={field.hub.labs}".encode(), field.ground.nap.encode()
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if nap in (place / "cmdline").read_bytes().split(b"\0") or labs in (place / "environ").read_bytes():
                found.append(int(place.name))
    return found


def _objects(field: Field, before: State) -> bytes:
    """All that refs lead to by now and didn't before."""
    words = ["git", "rev-list", "--objects", "--no-object-names", "--all", "--not", before.tip, *before.refs.values()]
    _, names, _ = shell.capture(words, cwd=field.hub.top, env=field.environ, seconds=60.0)
    code = ["git", "cat-file", "--batch"]
    _, out, _ = shell.capture(code, cwd=field.hub.top, env=field.environ, seconds=60.0, data=names)
    return out
