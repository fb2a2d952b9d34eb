"""No connection, no name, no trust in a certificate, or a server that answered with an error."""

from __future__ import annotations

from loopwright.andon.clues.clue import CANNOT, FAINT, FAIR, STRONG, SURE, WEAK, Clue, said

CLUES: tuple[Clue, ...] = (
    Clue(SURE + 0.5, "no matching distribution", given="connection broken"),
    *said(SURE, "newconnectionerror | connection broken"),
    Clue(SURE, "refused", r"connection .{0,80}\brefused"),
    *said(
        SURE,
        "connection refused | could not resolve host | name or service not known | no such host | "
        "temporary failure in name resolution | network is unreachable | no route to host | connection reset | "
        "unknownhostexception | connectexception | name does not resolve | temporary failure resolving | "
        "nodename nor servname | couldn't connect to server | unable to resolve host | "
        "could not resolve hostname | network is down | host is down | eai_again",
    ),
    Clue(SURE, "enotfound", r"\bENOTFOUND\b"),
    *said(
        STRONG,
        "failed to connect | could not connect | unable to connect | connecterror | getaddrinfo | "
        "certificate verify failed | self-signed certificate | self signed certificate | sslerror | "
        "certificate has expired | unable to get local issuer | socket hang up | connectionerror | "
        "empty reply from server | server disconnected | remote end closed | urlopen error | "
        "connection aborted | connection error | apiconnectionerror | is the server running | name resolution | "
        "econn | tls handshake | ssl handshake | handshake failure | remoteprotocolerror | connectionrefused | "
        "connectionreset | cannot connect to the docker daemon | no servers could be reached | enetunreach | "
        "ehostunreach",
    ),
    Clue(
        STRONG,
        "",
        r"\b(?:error|status|http|code|api|https?/[\d.]+)\b[^\w\n]{0,3}(?:code"
        r"|status)?\W{0,3}\b[45]\d\d\b(?! ?ms)|\b[45]\d\d (?:client|server) error|[45]\d\d (?:too many"
        r"|unauthorized|forbidden|not found|bad |service|internal|gateway)",
    ),
    *said(
        FAIR,
        "fetch failed | request failed | cannot connect to | can't connect to | failed to fetch | "
        "max retries exceeded | service unavailable | bad gateway | gateway timeout | requested url returned error | "
        "connection closed | could not read from remote | proxy error | proxy connect | overloaded | "
        "unexpected disconnect | ssl routines | unknown host | host not found | unreachable | "
        "error sending request | failed to download | download failed | bad address | couldn't resolve | "
        "internalservererror | internal server error | unable to access 'http | connection timed out | "
        "rate limit | rate_limit | too many requests | ratelimiterror | authenticationerror | apistatuserror",
    ),
    Clue(FAIR, "dial ", r"\bdial (?:tcp|udp|unix)"),
    Clue(
        FAIR,
        "",
        rf"{CANNOT} (?:connect|reach|resolve|contact|fetch|download|access|communicate)\b[^\n]{{0,80}}"
        rf"(?:server|host|https?://|\d+\.\d+\.\d+|registry|daemon|:\d{{2,5}}\b)",
    ),
    *said(
        WEAK,
        "broken pipe",
    ),
    *said(
        FAINT,
        "network",
    ),
)
