"""
The one way from a lab to a model: a local endpoint that adds the key, holds the session's budget, and counts.

    with gateway.opened(upstreams, allowance, time, keep) as door:
        ...  # a lab's agent asks http://127.0.0.1:{door.port} (or door.socket) with door.token as its key

| module       | what it knows                                                                    |
|--------------|----------------------------------------------------------------------------------|
| `door`       | the session's own: what is let in, passed on, charged and kept                     |
| `apis`       | the paths that are passed on, whose key each takes, and how a no is said         |
| `serving`    | the lab's side: a loopback port and a unix socket; who is let in, how much is read |
| `asking`     | what a request asks for, and what it may cost                                    |
| `reaching`   | what isn't passed on of it                                                       |
| `purse`      | what may still be spent, by how many calls at once                               |
| `forwarding` | the far side: with the key, piece by piece, trying nothing twice                 |
| `hearing`    | what an answer says and cost, as it goes past                                    |
| `notes`      | what of a call is kept                                                           |

A lab holds a token that is worth nothing elsewhere, or later. A call whose end nobody saw stands in the transcript
without a cost: the budget pool charges it as all that it might have cost.
"""

from loopwright.models.gateway.apis import Upstream
from loopwright.models.gateway.door import Gateway, clear_dead, opened, spent

__all__ = ["Gateway", "Upstream", "clear_dead", "opened", "spent"]
