"""An incident, what is known of it, and a whole analysis, as values."""

from __future__ import annotations

from loopwright.andon.page import Evidence
from loopwright.vocabulary import Analysis, Candidate, Countermeasure, Incident, RootCause, Why

INCIDENT = Incident(
    run=12,
    kind="attempts",
    scope="plan",
    level=2,
    category="test-failure",
    confidence=0.83,
    summary="Chunk 1 (Divide by a hundred) failed 3 times; at last `make test`: 2 tests failed",
    plan="coupon-codes",
    chunk=1,
    candidates=(Candidate("test-failure", 0.83), Candidate("build-error", 0.1)),
    signature="0123456789012345",
    command="make test",
    exit=2,
    commit="a" * 40,
    base="b" * 40,
    maker="anthropic claude-opus-5-5",
    opened="2026-11-21T05:12:00.123+00:00",
    page="wiki/90_LOG/2026-11-21-andon-gen-12.md",
)

EVIDENCE = Evidence(
    failed="`make test` said no (test-failure)",
    output="FAIL: test_ten_percent\nAssertionError: -900 != 90.0",
    changed=" src/pricing.py | 2 +-\n 1 file changed, 1 insertion(+), 1 deletion(-)",
    context=(("mainline", "c" * 40), ("lab", "clone")),
    bundle="refs/loopwright/runs/12:incident-1",
)

WHYS = (
    Why(
        "`discount` gives -900 where 90 is due.",
        "python3 -c 'import pricing; print(pricing.discount(100, 10))'",
        "-900",
        "The amount taken off is a hundred times too large.",
    ),
    Why(
        "The percentage is multiplied as it is.",
        "grep -n 'price \\* percent' src/pricing.py",
        "2:    return price - price * percent",
        "Nobody divides by 100: the function takes a fraction, its callers give percents.",
    ),
    Why(
        "No test calls it with anything but zero.",
        "grep -c discount tests/test_pricing.py",
        "2",
        "The one test of it can't tell percents from fractions.",
    ),
    Why(
        "Nothing asks for tests of a changed unit.",
        "grep -n coverage Makefile || echo none",
        "none",
        "A line that no test looks at gets through every gate.",
    ),
    Why(
        "The plan's criteria name no amount.",
        "git show HEAD:plans/coupon-codes.md",
        "- the tests pass",
        "Plans may be written without a single example, and were.",
    ),
)

ANALYSIS = Analysis(
    problem="Prices went below zero.",
    whys=WHYS,
    root_cause=RootCause("spec omission", "A plan may name no example of what it wants."),
    countermeasures=(
        Countermeasure("Tests of `discount` at 0, 10 and 100 percent", "L2", "tests/test_pricing.py", "make test"),
        Countermeasure(
            "Say that amounts are percents", "L3", "agents/LANGUAGE.md", "grep -q percent agents/LANGUAGE.md", "A name."
        ),
    ),
)
