"""Plays a role with a model over the Messages API. The loop runs here, with the key; only its tools reach the lab."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from loopwright.backends.dialogue import converse
from loopwright.backends.paying import tolls
from loopwright.contracts import Lab, Session
from loopwright.errors import BadUse
from loopwright.models import retry
from loopwright.models.client import SILENCE, Request, Turn, Wire, never
from loopwright.models.defaults import access, choose
from loopwright.vocabulary import Brief, Report


@dataclass(frozen=True)
class Anthropic:
    """`silence`: seconds without a byte after which a request counts as dropped. `chance`: jitter, from 0 to 1."""

    silence: float = SILENCE
    chance: Callable[[], float] = random.random

    def work(self, brief: Brief, lab: Lab, session: Session) -> Report:
        """Play the role to its end, or go on where its transcript stands; one that has ended costs no request.

        Raises Unreachable (no key, a refused key, a model that stays away past LOOPWRIGHT_RETRY_SECONDS) and BadUse
        (a model that the API doesn't know). Waiting for a model doesn't count against the allowance's seconds.
        """
        model = brief.model or choose(brief.role.name, brief.role.model, session.env)

        def ask(request: Request) -> Turn:
            # Only here is a key needed: a conversation that has ended is reported without one.
            wire = Wire(
                access(brief.role.name, session.env),
                session.clock,
                session.tell,
                horizon(session.env),
                self.silence,
                self.chance,
                session.watch.over if session.watch else never,
                tolls(session),
            )
            return wire.ask(request)

        return converse(brief, lab, session, ask, model)


def horizon(env: Mapping[str, str]) -> float:
    """Seconds that an unreachable model is tried again. Raises BadUse for a number that is none."""
    text = env.get("LOOPWRIGHT_RETRY_SECONDS", "").strip()
    try:
        return max(float(text), 0.0) if text else retry.HORIZON
    except ValueError:
        raise BadUse(
            f"LOOPWRIGHT_RETRY_SECONDS is {text!r}, which is no number of seconds",
            "set it to a number such as 900, or take it out",
        ) from None
