"""
The standards: what incidents have taught, each with a command that fails if it happens again.

    <!-- next: S-3 (a number is never given twice) -->

    ### S-2 Discounts are percentages
    Incident: wiki/90_LOG/2026-11-21-andon-gen-12.md
    Level: L2
    Check: `python3 -m unittest tests.test_discount`
    Since: 2026-11-21
"""

from loopwright.folders.agents.standards.reading import PATH, examine, gates, read
from loopwright.folders.agents.standards.writing import added, same_check

__all__ = ["PATH", "added", "examine", "gates", "read", "same_check"]
