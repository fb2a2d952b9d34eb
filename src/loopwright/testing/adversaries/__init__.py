"""
The adversaries of the fire drill, each a value: what it tries, its turns, and what has to catch it.

To add one, write it where its kind stands: `idling`, `weakening`, `forging`, `breaking_out`, `persuading`.
`planted` has the small program and the tests that they work on, `suites` these tests in five languages.
"""

from loopwright.testing.adversaries.adversary import DOTENV, KEY, Adversary, Ground, judges
from loopwright.testing.adversaries.breaking_out import BREAKING_OUT
from loopwright.testing.adversaries.forging import FORGING
from loopwright.testing.adversaries.honest import HONEST, HONEST_PLAN
from loopwright.testing.adversaries.idling import IDLING
from loopwright.testing.adversaries.persuading import PERSUADING
from loopwright.testing.adversaries.weakening import WEAKENING

ADVERSARIES = (*IDLING, *WEAKENING, *FORGING, *BREAKING_OUT, *PERSUADING)

__all__ = ["ADVERSARIES", "DOTENV", "HONEST", "HONEST_PLAN", "KEY", "Adversary", "Ground", "judges"]
