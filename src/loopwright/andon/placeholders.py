"""Words that stand where nobody has written anything yet."""

from __future__ import annotations

import re

# In this form: lower case, words alone, apostrophes gone.
_WHOLE = re.compile(
    r"todo|to do|tbd|tba|fixme|xxx|wip|none|nil|null|n ?a|unknown(?: yet)?|unclear|undetermined|pending|later|same|"
    r"ditto|idk|asdf|placeholder|hypothesis|conclusion|verification|category|level|location|justification|answer|"
    r"why|because|not (?:known(?: yet)?|applicable|sure)|no idea|dont know(?: yet)?|(?:see|as|same as) above|"
    r"root cause|text here|(?:a|the) measure"
)
_BEGINS = re.compile(
    r"(?:todo|tbd|tba|fixme|xxx+|lorem ipsum|to be (?:filled|determined|done|written|defined|decided|completed)|"
    r"fill (?:this |me )?in|(?:write|insert|put|your) (?:\w+ ){0,3}here|under investigation|"
    r"investigation (?:is )?pending|still unknown)\b"
)
_BRACKETED = re.compile(
    r"(?:<[^<>]*>|\[[^\[\]]*\]|\{[^{}]*\}|\(\s*(?:empty|todo|tbd|to be [^()]*|fill [^()]*|your [^()]*)\))"
)


def is_placeholder(text: str) -> bool:
    """Whether a text is empty or only keeps a place: TODO, TBD, ..., n/a, unknown, <your text>, lorem ipsum."""
    stripped = text.strip()[:1000].strip("*_`\"' ")
    words = " ".join(re.findall(r"\w+", stripped.replace("'", "").casefold()))
    whole = not words or _WHOLE.fullmatch(words) or (len(set(words)) == 1 and not words.isdigit())
    return bool(whole) or bool(_BEGINS.match(words) or _BRACKETED.fullmatch(stripped))
