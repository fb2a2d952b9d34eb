"""The ways of asking that are passed on, and how each of them says no."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where requests go to, and the key that is added there. The key is left out of every print-out."""

    url: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Api:
    """One path. `form` is how its answers are said, `upstream` whose key it takes; `generates`: whether it costs."""

    path: str
    form: str  # messages | chat | responses
    upstream: str  # anthropic | openai
    generates: bool = True
    limit: str = "max_tokens"  # what the tokens of an answer are bounded by

    def address(self, upstream: Upstream, query: str) -> str:
        """Where it is asked. An OpenAI base URL ends with its version, an Anthropic one doesn't."""
        path = self.path if self.upstream == "anthropic" else self.path.removeprefix("/v1")
        return f"{upstream.url.rstrip('/')}{path}{f'?{query}' if query else ''}"

    def credentials(self, upstream: Upstream) -> dict[str, str]:
        if self.upstream == "anthropic":
            return {"x-api-key": upstream.key}
        return {"authorization": f"Bearer {upstream.key}"}


APIS = {
    api.path: api
    for api in (
        Api("/v1/messages", "messages", "anthropic"),
        Api("/v1/messages/count_tokens", "messages", "anthropic", generates=False),
        Api("/v1/chat/completions", "chat", "openai", limit="max_completion_tokens"),
        Api("/v1/responses", "responses", "openai", limit="max_output_tokens"),
    )
}

MISSING = {
    "anthropic": "no key for the Messages API is set where loopwright runs: ANTHROPIC_API_KEY",
    "openai": "no key for OpenAI's API is set where loopwright runs: OPENAI_API_KEY (and OPENAI_BASE_URL)",
}

_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    411: "invalid_request_error",
    413: "request_too_large",
    429: "rate_limit_error",
    502: "api_error",
}


def refusal(status: int, message: str) -> bytes:
    """An error body that clients of either API can read."""
    kind, text = _KINDS[status], f"loopwright: {message}"
    return json.dumps({"type": "error", "error": {"type": kind, "code": kind, "message": text}}).encode()


def counted(api: Api, body: Mapping[str, Any]) -> dict[str, Any] | None:
    """The request with the usage asked for, where the API leaves that out of a stream; None when it is as it was."""
    if api.form != "chat" or body.get("stream") is not True:
        return None
    options = body.get("stream_options")
    return {**body, "stream_options": {**(options if isinstance(options, dict) else {}), "include_usage": True}}
