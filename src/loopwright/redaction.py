"""Takes secrets out of text: the shapes of well-known keys, passwords in assignments, and exact known values.

Pure and linear in the text, which may be hostile: every quantifier is bounded or starts at the edge of a word, so
that no run of characters is read more than a few times.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections import Counter
from dataclasses import dataclass
from urllib.parse import quote

SHORTEST_KNOWN = 6  # characters: to mask a shorter value would black out ordinary words

# Not in the middle of a word; a letter of an escape such as the n of "\nAKIA..." in JSON is no word.
_EDGE = r"(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt]))"

_SHAPES = {
    "anthropic_key": r"sk-ant-[A-Za-z0-9_-]{20,}",
    "openrouter_key": r"sk-or-[A-Za-z0-9_-]{32,}",
    "openai_key": r"sk-(?:proj-|svcacct-|admin-)[A-Za-z0-9_-]{20,}|sk-[A-Za-z0-9]{32,}",
    "aws_access_key": r"(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])",
    "github_token": r"gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,}",
    "gitlab_token": r"gl(?:pat|dt|rt|cbt|ptt|ft|soat)-[A-Za-z0-9_-]{20,}",
    "slack_token": r"xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{20,}",
    "slack_webhook": r"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9+/]{20,}",
    "google_key": r"AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])|GOCSPX-[A-Za-z0-9_-]{20,}|ya29\.[A-Za-z0-9_-]{20,}",
    "stripe_key": r"[sr]k_live_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/=]{24,}",
    "npm_token": r"npm_[A-Za-z0-9]{36,}",
    "pypi_token": r"pypi-[A-Za-z0-9_-]{80,}",
    "hugging_face_token": r"hf_[A-Za-z0-9]{30,}",
    "groq_key": r"gsk_[A-Za-z0-9]{40,}",
    "xai_key": r"xai-[A-Za-z0-9]{60,}",
    "replicate_token": r"r8_[A-Za-z0-9]{36,}",
    "sendgrid_key": r"SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{30,}",
    "twilio_key": r"SK[0-9a-f]{32}(?![A-Za-z0-9])",
    "digitalocean_token": r"do[opr]_v1_[0-9a-f]{64}",
    "databricks_token": r"dapi[0-9a-f]{32}",
    "azure_key": r"AccountKey=[A-Za-z0-9+/]{60,}={0,2}",
    "jwt": r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
}
_SHAPE = re.compile(_EDGE + "(?:" + "|".join(f"(?P<{kind}>{shape})" for kind, shape in _SHAPES.items()) + ")")

_BLOCK = re.compile(
    r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----"
    r"(?P<body>.*?)(?:-----END [A-Z0-9 ]{0,80}-----|\Z)",
    re.DOTALL,
)

_NAME = r"(?:passw(?:or)?d|passphrase|pwd|secret|token|api_?-?key|access_?-?key|private_?-?key|credentials?|auth_?key)"
_ASSIGNED = re.compile(
    rf"(?i:{_NAME})[\w-]{{0,30}}[\"']?\]?\s{{0,4}}(?::\s{{0,4}}[\w\[\]| ]{{1,30}}?\s{{0,4}}=|=>|:=|:|={{1,3}})\s{{0,4}}"
    r"[rbu]{0,2}(?:\"(?P<double>[^\"\s]{10,400})\"|'(?P<single>[^'\s]{10,400})')"
)
_SETTING = re.compile(
    rf"^[ \t]{{0,40}}(?:export[ \t])?\w{{0,60}}(?i:{_NAME})\w{{0,30}}[ \t]{{0,4}}[=:][ \t]{{0,4}}"
    r"(?P<bare>[^\s\"'#]{16,400})[ \t]*$",
    re.MULTILINE,
)
# In the middle of a line only as a shell or a `.env` file writes it: a name in capitals, and nothing around the sign.
_INLINE = re.compile(
    r"(?<![\w$])[A-Z0-9_]{0,60}(?:PASSWORD|PASSWD|PASSPHRASE|PWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?)"
    r"[A-Z0-9_]{0,30}=(?P<inline>[^\s\"'#;&|]{16,400})"
)
_CREDENTIALS = re.compile(r"://[^\s:/@\"'<>{}$]{1,100}:(?P<url>[^\s:/@\"'<>{}$]{10,200})@")
_BEARER = re.compile(r"(?i:\bbearer|\bbasic)[ \t]{1,4}(?P<bearer>[A-Za-z0-9._~+/=-]{20,2000})")

_PLACEHOLDER = re.compile(
    r"example|placeholder|your[_-]?|dummy|fake|sample|redacted|changeme|change[_-]me|insert|todo|x{5,}|\*{4,}|\.{3}|"
    r"123456|abcdef|abc123|test[_-]?key",
    re.IGNORECASE,
)
_CODE = re.compile(r"[${}<>()\[\]%\\]|://|^[/.~]|^[a-z]+(?:[-_./:][a-z0-9]+)+$|^[A-Za-z_]+$|^[A-Za-z_]\w*(?:\.\w+)+$")


@dataclass(frozen=True, slots=True, order=True)
class Secret:
    """A place in a text: `text[start:end]` is the secret, `kind` a word for what it looks like."""

    start: int
    end: int
    kind: str


def redact(text: str, known: tuple[str, ...] = ()) -> str:
    """The text with every secret replaced by `[redacted: KIND]`. `known` are exact values, masked wherever they
    stand, also URL-quoted, JSON-escaped or in base64. Redacting twice changes nothing more."""
    out, at = [], 0
    for secret in find(text, known):
        out += [text[at : secret.start], f"[redacted: {secret.kind}]"]
        at = secret.end
    return "".join([*out, text[at:]])


def find(text: str, known: tuple[str, ...] = ()) -> tuple[Secret, ...]:
    """All secrets in the text, in order, none overlapping another; of two that do, the earlier and longer one."""
    found = sorted([*_exact(text, known), *_shaped(text), *_assigned(text)], key=lambda hit: (hit.start, -hit.end))
    kept: list[Secret] = []
    for secret in found:
        if kept and secret.start < kept[-1].end:
            last = kept[-1]
            kept[-1] = Secret(last.start, max(last.end, secret.end), last.kind)
        else:
            kept.append(secret)
    return tuple(kept)


def is_placeholder(value: str) -> bool:
    """Whether a value of a key's shape only stands for one, as documentation and tests have them."""
    return bool(_PLACEHOLDER.search(value)) or len(set(value[-20:])) < 6


def _exact(text: str, known: tuple[str, ...]) -> list[Secret]:
    forms = sorted({form for value in known for form in _forms(value.strip())}, key=len, reverse=True)
    if not forms:
        return []
    pattern = re.compile("|".join(re.escape(form) for form in forms))
    return [Secret(*match.span(), "known value") for match in pattern.finditer(text)]


def _forms(value: str) -> set[str]:
    """How a value may stand in a text. Of base64 only the part that doesn't depend on what follows."""
    if len(value) < SHORTEST_KNOWN:
        return set()
    forms = {value, quote(value, safe=""), json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    data = value.encode(errors="surrogateescape")
    if len(data) >= 12:
        whole = data[: len(data) // 3 * 3]
        forms |= {base64.b64encode(whole).decode(), base64.urlsafe_b64encode(whole).decode()}
    return forms


def _shaped(text: str) -> list[Secret]:
    shaped = [Secret(*match.span(), (match.lastgroup or "key").replace("_", " ")) for match in _SHAPE.finditer(text)]
    blocks = [Secret(*match.span(), "private key") for match in _BLOCK.finditer(text) if _has_key(match["body"])]
    return shaped + blocks


def _has_key(body: str) -> bool:
    """Whether a private key's block holds one, and is not only the words around it (as in a parser's source)."""
    return bool(re.search(r"[A-Za-z0-9+/]{24}", body[:4000]))


def _assigned(text: str) -> list[Secret]:
    hits = []
    for pattern, kind in (
        (_ASSIGNED, "assigned secret"),
        (_SETTING, "assigned secret"),
        (_INLINE, "assigned secret"),
        (_CREDENTIALS, "password in a URL"),
        (_BEARER, "authorization header"),
    ):
        for match in pattern.finditer(text):
            group = match.lastgroup or "bare"
            if _random(match[group]):
                hits.append(Secret(*match.span(group), kind))
    return hits


def _random(value: str) -> bool:
    """Whether a value looks drawn rather than written: several kinds of characters, and many different ones."""
    if _CODE.search(value) or is_placeholder(value):
        return False
    kinds = sum(bool(re.search(kind, value)) for kind in (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^A-Za-z0-9]"))
    bits = _entropy(value)
    digits = sum(character.isdigit() for character in value)
    mixed, long = kinds >= 3 and bits >= 3.0, kinds >= 2 and bits >= 3.4 and len(value) >= 16
    return (mixed and digits >= 1) or (long and digits >= 3)


def _entropy(value: str) -> float:
    """Shannon's measure of a text's own characters, in bits a character."""
    counts = Counter(value).values()
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts)
