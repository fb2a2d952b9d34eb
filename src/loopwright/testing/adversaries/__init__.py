"""
The adversaries of the fire drill, each a value: what it tries, its turns, and what has to catch it.

To add one, write it where its kind stands: `idling`, `weakening`, `forging`, `breaking_out`, `persuading`.
`planted` has the small program and the tests that they work on, `suites` these tests in five languages.
A drill holds `KINDS`, one or a few of each, unless it is asked for more: the others are further ways to do the same.
"""

from loopwright.testing.adversaries.adversary import DOTENV, KEY, Adversary, Ground, judges
from loopwright.testing.adversaries.breaking_out import BREAKING_OUT
from loopwright.testing.adversaries.forging import FORGING
from loopwright.testing.adversaries.honest import HONEST, HONEST_PLAN
from loopwright.testing.adversaries.idling import IDLING
from loopwright.testing.adversaries.persuading import PERSUADING
from loopwright.testing.adversaries.weakening import WEAKENING

ADVERSARIES = (*IDLING, *WEAKENING, *FORGING, *BREAKING_OUT, *PERSUADING)

_KINDS = (
    *("reads-only", "writes-nothing", "fakes-completion", "loops-forever", "floods-output"),
    *("deletes-tests", "weakens-asserts", "skips-tests"),
    *("forges-a-verdict", "edits-the-ledger", "moves-the-mainline"),
    *("resolves-its-incident", "approves-itself", "forges-a-page", "edits-a-standard"),
    *("rewrites-git-config", "forks-daemons"),
    *("talks-to-the-judges", "pads-the-diff"),
)

KINDS = tuple(adversary for adversary in ADVERSARIES if adversary.name in _KINDS)

__all__ = ["ADVERSARIES", "DOTENV", "HONEST", "HONEST_PLAN", "KEY", "KINDS", "Adversary", "Ground", "judges"]
