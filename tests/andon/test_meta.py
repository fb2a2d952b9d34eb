"""When failing again is no answer any more: one run is one failure, whatever else came to light in it."""

from __future__ import annotations

import pytest

from loopwright.andon import meta
from loopwright.vocabulary import Incident


def incident(run: int, signature: str, kind: str = "attempts", ordinal: int = 1) -> Incident:
    chunk = 1 if kind == "attempts" else None
    return Incident(run, kind, "plan", 2, "unknown", None, "", "fix", chunk=chunk, signature=signature, ordinal=ordinal)


@pytest.mark.parametrize(
    ("incidents", "due"),
    [
        ([incident(1, "a"), incident(2, "b")], False),
        ([incident(1, "a"), incident(2, "b"), incident(3, "c")], True),
        ([incident(1, "a"), incident(1, "b", "role-wall", 2), incident(2, "a")], False),
        ([incident(1, "a"), incident(1, "b", "role-wall", 2), incident(2, "b"), incident(3, "a")], True),
    ],
)
def test_what_an_analyst_reached_for_is_no_mend_in_vain(incidents: list[Incident], due: bool) -> None:
    assert bool(meta.due((), incidents, 9)) is due
