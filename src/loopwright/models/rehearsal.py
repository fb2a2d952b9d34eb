"""One answer that never leaves this process, so that the SDK has built what it builds with its first one."""

from __future__ import annotations

import json
from typing import Any

_EVENTS: tuple[dict[str, Any], ...] = (
    {
        "type": "message_start",
        "message": {
            "id": "msg",
            "type": "message",
            "role": "assistant",
            "model": "nobody",
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 1},
        },
    },
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "-"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}},
    {"type": "message_stop"},
)


def rehearse() -> None:
    """Read one answer through the SDK, which takes 0.25 s the first time: a process forked after it has it for free."""
    import anthropic
    import httpx2

    stream = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in _EVENTS)
    headers = {"content-type": "text/event-stream"}
    nobody = httpx2.MockTransport(lambda request: httpx2.Response(200, headers=headers, text=stream))
    anthropic.Anthropic(api_key="-", base_url="http://localhost", max_retries=0).close()  # imports its transport
    with httpx2.Client(transport=nobody) as http:
        client = anthropic.Anthropic(api_key="-", base_url="http://localhost", max_retries=0, http_client=http)
        said: Any = [{"role": "user", "content": [{"type": "text", "text": "-"}]}]
        with client.messages.create(model="nobody", max_tokens=1, messages=said, stream=True) as events:
            for event in events:
                event.to_dict()
