"""A desk in an incident's name: for what is done about it outside of any run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from loopwright.contracts import Workshop
from loopwright.errors import BadUse
from loopwright.journal import claims
from loopwright.journal.claims import Claim
from loopwright.journal.hub import Hub
from loopwright.loops.desk import Desk
from loopwright.vocabulary import Incident, Plan


@contextmanager
def seated(hub: Hub, shop: Workshop, incident: Incident, base: str) -> Iterator[Desk]:
    """A place to run commands and to write down facts. Raises BadUse while another process is about the same run."""
    name = f"andon-gen-{incident.name}"
    with claims.holding(hub, incident.run) as mine:
        if not mine:
            raise BadUse(f"run {incident.run} is being worked on by another process", "wait: `loopwright status`")
        at = shop.clock.now().isoformat(timespec="seconds")
        claim = Claim(incident.run, name, base, "", os.getpid(), "", at)
        yield Desk(hub, shop, claim, Plan(name, incident.page, name, ""), base, "resolution")
