"""What of a call is kept in the session's transcript: enough to see what went on, and what it cost, within bounds."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from loopwright.models import prices
from loopwright.models.gateway.asking import Asked, shown
from loopwright.models.gateway.forwarding import Passed
from loopwright.models.gateway.purse import Ceiling
from loopwright.vocabulary import Usage

_SAID_BYTES_A_TOKEN = 4

ASKED, CALL = "asked", "call"


def usage(asked: Asked, passed: Passed, on: date) -> Usage:
    """What a call cost, as far as it came. What its answer doesn't count is taken by its size; so is the prompt, which
    some count at an answer's end alone."""
    answer = passed.ear.answer
    if passed.status is None or passed.status >= 300:
        return Usage()
    counts = answer.counts
    told = {
        "input": counts.input,
        "output": answer.output,
        "cache_read": counts.cache_read,
        "cache_write": counts.cache_write,
    }
    if not (counts.input or counts.cache_read or counts.cache_write):  # there is no empty prompt
        told["input"] = asked.tokens
        told["output"] = told["output"] or passed.size // _SAID_BYTES_A_TOKEN
    model = prices.counted_as(answer.model, asked.model)
    usd, why = prices.cost(model, **told, cache_hour=counts.cache_hour, on=on)
    return Usage(**told, usd=usd, unpriced=why, requests=1)


def began(number: int, asked: Asked, ceiling: Ceiling, at: float) -> dict[str, Any]:
    """The entry that a call begins with: a process that is killed before its end leaves this one behind."""
    return {"kind": ASKED, "call": number, "model": asked.model, "ceiling": asdict(ceiling), "at": round(at, 3)}


def ended(number: int, path: str, asked: Asked, passed: Passed, spent: Usage, at: float) -> dict[str, Any]:
    """The entry for a call that came to its end."""
    answer = passed.ear.answer
    tools = [block["name"] for block in answer.blocks if block.get("type") == "tool_use"]
    return {
        "kind": CALL,
        "call": number,
        "path": path,
        "model": answer.model or asked.model,
        "said": asked.said,
        "status": passed.status,
        "content": shown(answer.blocks),
        "tools": tools,
        "tool_errors": asked.failed,
        "stop_reason": answer.stop_reason,
        "whole": answer.whole,
        "failure": str(passed.failure) if passed.failure else None,
        "usage": asdict(spent),
        "at": round(at, 3),
    }
