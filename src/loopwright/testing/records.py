"""Run records as a run would have left them, for what reads records."""

from __future__ import annotations

from typing import Any


def record(number: int, *, base: str, plan: str = "plan", **more: Any) -> dict[str, Any]:
    """The record of a run that met its goal and waits, on a base commit; `more` are its other fields, as they are."""
    told: dict[str, Any] = {
        "run": number,
        "plan": plan,
        "kind": "plan",
        "outcome": "met",
        "status": "review",
        "landed": False,
        "held": None,
        "branch": f"loop/{plan}",
        "commit": None,
        "verified": None,
        "stop": None,
        "chunks": [],
        "checks": [],
        "goal": [],
        "reviews": [],
        "incident": None,
        "tokens": {"input": 0, "output": 0, "cache_read": 0, "cache_write": 0},
        "usd": 0.0,
        "unpriced": None,
        "seconds": 1.0,
        "page": f"wiki/90_LOG/2026-11-20-{plan}-gen-{number}.md",
        "notes": [],
    }
    extra: dict[str, Any] = {
        "title": f"What {plan} is for",
        "plan_hash": "0" * 64,
        "base": base,
        "continues": None,
        "started": "2026-11-20T12:00:00+00:00",
        "ended": "2026-11-20T12:00:01+00:00",
        "landed_at": None,
        "decided": None,
        "source": "person",
        "lab": "clone",
        "phases": {},
        "roles": {},
        "attempts": [],
        "files": [],
        "diff": None,
        "tip": None,
        "landing": None,
    }
    return {**told, **extra, **more}
