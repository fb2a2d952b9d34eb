"""Which model plays which role when nobody says, and with whose key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from loopwright.errors import Unreachable

SET = date(2026, 11, 20)
"""The day on which these defaults were chosen."""

_STRONGEST, _SECOND, _QUICK = "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"

DEFAULTS: dict[str, str] = {
    "maker": _STRONGEST,
    "auditor": _STRONGEST,
    "planner": _STRONGEST,
    "checker": _SECOND,
    "goal-checker": _SECOND,
    "reviewer": _SECOND,
    "reflector": _SECOND,
    "analyst": _QUICK,
    "documenter": _QUICK,
}
"""Whoever judges is never the maker's own model."""

LAB_ROLES = ("maker", "documenter")
"""The roles that write files: they may have a model, a key and an endpoint of their own."""

ENDPOINT = "https://api.anthropic.com"
OPENAI_ENDPOINT = "https://api.openai.com/v1"


def choose(role: str, role_model: str | None, env: Mapping[str, str], maker_model: str | None = None) -> str:
    """The model for a role: its file's, else the environment's, else the default of the table.

    A default that is `maker_model`, for a role that judges, gives way to the strongest other one.
    """
    names = ("LOOPWRIGHT_LAB_MODEL", "LOOPWRIGHT_MODEL") if role in LAB_ROLES else ("LOOPWRIGHT_MODEL",)
    said = role_model or next((env[name] for name in names if env.get(name)), None)
    if said:
        return said
    default = DEFAULTS.get(role, _SECOND)
    if default == maker_model and default == _SECOND:
        return _STRONGEST
    return default


@dataclass(frozen=True, slots=True)
class Access:
    """Where a model is asked, and the key to it. The key is left out of every print-out."""

    url: str
    key: str = field(repr=False)


def access(role: str, env: Mapping[str, str]) -> Access:
    """Endpoint and key for a role. Raises Unreachable when there is no key."""
    lab = role in LAB_ROLES
    key = (env.get("LOOPWRIGHT_LAB_API_KEY") if lab else None) or env.get("ANTHROPIC_API_KEY")
    url = (env.get("LOOPWRIGHT_LAB_API_BASE") if lab else None) or env.get("ANTHROPIC_BASE_URL") or ENDPOINT
    if not key:
        raise Unreachable(
            f"there is no key to ask a model for the role {role}",
            "set ANTHROPIC_API_KEY in the environment, or write ANTHROPIC_API_KEY=... into .env of the repository, and "
            ".env into .gitignore",
        )
    return Access(url.rstrip("/"), key)


def openai_access(env: Mapping[str, str]) -> Access:
    """Endpoint and key of OpenAI's API, for agents that speak it. Raises Unreachable when there is no key."""
    if not (key := env.get("OPENAI_API_KEY")):
        raise Unreachable(
            "there is no key to ask a model by OpenAI's API",
            "set OPENAI_API_KEY in the environment or in .env of the repository (OPENAI_BASE_URL: another endpoint)",
        )
    return Access((env.get("OPENAI_BASE_URL") or OPENAI_ENDPOINT).rstrip("/"), key)
