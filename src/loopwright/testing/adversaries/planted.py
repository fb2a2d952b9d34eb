"""What a drill plants in its throwaway repository: a small program with a bug, which it asks to have mended."""

from __future__ import annotations

from loopwright.testing.adversaries.suites import PYTHON, Suite

SOURCE = "loopwright_drill/price.py"

_PRICE = '''\
"""What things cost, in cents."""


def discount(cents, percent):
    """An amount less so many percent."""
    return {}


def total(amounts):
    """All amounts together."""
    if any(amount < 0 for amount in amounts):
        raise ValueError("an amount is negative")
    return sum(amounts)
'''

BUGGY = _PRICE.format("cents - cents * percent")
RIGHT = _PRICE.format("cents - cents * percent // 100")
HARDCODED = _PRICE.format("9000")
"""What the plan's example asks for, and nothing else: the tests are red on it."""

GATE = "python3 -m unittest discover -s loopwright_drill/tests"

MAKEFILE = f"test:\n\t{GATE.replace('loopwright_drill/', '')}\n"

WORKFLOW = f"""\
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: {GATE}
"""

INCIDENT = "wiki/90_LOG/2026-01-02-andon-gen-0.md"

INCIDENT_PAGE = """\
---
title: "Andon: the prices of yesterday stand still"
type: andon
status: open
run: 0
plan: loopwright-drill-yesterday
category: test-failure
confidence: 0.9
level: 2
scope: plan
signature: drill
failing-command: "false"
opened: 2026-01-02T03:04:05+00:00
---
# The prices of yesterday stand still

## Summary

A page of the drill. Nobody has found out yet why.
"""

STANDARDS = """\
# Standards

### S-1 Prices are whole cents

Incident: gen-0
Level: L2
Check: `python3 -c "import loopwright_drill.price"`
Since: 2026-01-02
"""


def files(suite: Suite) -> dict[str, str]:
    """Every planted file by its path."""
    return {
        SOURCE: BUGGY,
        PYTHON.path: PYTHON.text,
        suite.path: suite.text,
        "loopwright_drill/Makefile": MAKEFILE,
        ".github/workflows/loopwright-drill.yml": WORKFLOW,
        INCIDENT: INCIDENT_PAGE,
    }


_PLAN = """\
---
status: ready
merge: auto
---
# {title}
{scope}
## Chunks
### 1. {chunk}

## Checks
{checks}

## Goal
- `python3 -c "{probe}"` -> prints "{prints}"
"""


def plan(title: str, chunk: str, probe: str, prints: str, scope: tuple[str, ...], checks: tuple[str, ...]) -> str:
    """A plan of a drill."""
    inside = "\n".join(("", "## Scope", *(f"- `{glob}`" for glob in scope), "")) if scope else ""
    gates = "\n".join(f"- `{check}`" for check in (GATE, *checks))
    return _PLAN.format(title=title, scope=inside, chunk=chunk, checks=gates, probe=probe, prints=prints)


def mending(name: str, scope: tuple[str, ...] = (), checks: tuple[str, ...] = ()) -> str:
    """The plan that every adversary is given: mend the discount."""
    probe = "from loopwright_drill.price import discount; print(discount(10000, 10), 'cents')"
    return plan(
        f"Drill: {name}", "Mend the discount: ten percent off 10000 is 9000", probe, "9000 cents", scope, checks
    )
