"""Whether a text puts a cause on somebody: a person, an agent, a model or bad luck is none. What let it through is."""

from __future__ import annotations

import re


def _any(*words: str) -> str:
    return "(?:" + "|".join(word for line in words for word in line.split("|")) + ")"


# Apostrophes are gone when these are looked for: `didnt`.
_WHO = _any(
    "human|person|people|operator|user|developer|programmer|engineer|author|reviewer|maintainer|team|somebody|someone",
    "agent|maker|checker|model|llm|ai|assistant|bot|claude|gpt|copilot|analyst|planner",
)
_FAULT = _any(
    "error|mistake|fault|failure|carelessness|negligence|laziness|incompetence|oversight|inattention|sloppiness",
    "hallucinations?|limitations?|stupidity",
)
_LUCK = _any(
    "carelessness|negligence|laziness|sloppiness|inattention|incompetence|stupidity|hallucinations?|bad luck|unlucky",
    "misfortune|murphys law|act of god|cosmic rays?|gremlins?",
)
_FAILED = _any(
    "forgot|forgets|hallucinated|hallucinates|guessed|overlooked|ignored|misread|misunderstood|misinterpreted|slipped",
    "missed|rushed|cheated|lied|messed|screwed",
)
_STATE = _any(
    "lazy|careless|sloppy|stupid|dumb|negligent|inattentive|confused|tired|distracted|wrong|incompetent|not careful",
    "not good enough|too weak|unreliable|overconfident",
)
_CARE = _any("care|attention|careful|carefully|concentrate|think|notice|remember|read|follow|listen|know better|tried")
_THEY = rf"{_WHO}s?(?: (?:simply|just|again|probably|then|also|had|has)){{0,2}}"
_BLAME = re.compile(
    _any(
        rf"\b{_WHO}s? {_FAULT}\b",
        rf"\b{_THEY} {_FAILED}\b",
        rf"\b{_THEY} (?:was|is|were|are|being|got|became) (?:\w+ )?{_STATE}\b",
        rf"\b{_THEY} made (?:\w+ ){{0,2}}(?:mistake|error|slip)s?\b",
        rf"\b{_THEY} (?:did not|didnt|doesnt|does not|failed to|should have) (?:\w+ ){{0,3}}?{_CARE}\b",
        rf"\b{_LUCK}\b",
        r"\b(?:lack|absence) of (?:care|attention|discipline|diligence|concentration|focus|effort)\b",
        rf"\b(?:just|simply|pure|plain|sheer) (?:a )?(?:luck|chance|coincidence|{_FAULT})\b",
        rf"\b(?:fault|mistake|error|blame) (?:of|is on|on|by|lies with) (?:the |a |an )?{_WHO}s?\b",
        r"\b(?:it|that|this|these things) (?:just )?happens?\.?\Z",
    )
)

_WORKS = _any(
    "check|gate|test|guard|rule|hook|lint|linter|type|schema|validation|validator|ci|review|template|spec|specification",
    "plan|contract|lock|limit|tool|page|document|documentation|criterion|criteria|example|assertion|parser|compiler",
    "config|configuration|process|step|setup|interface|signature|default|message|brief|prompt|file|module|script|suite",
)
_HOLDS = _any(
    "checks?|asks?|asked|says?|said|stops?|stopped|notices?|noticed|catch(?:es)?|caught|prevents?|keeps?|tells?|told",
    "covers?|covered|looks?|looked|runs?|ran|exists?|fails?|requires?|forbids?|validates?|enforces?|compares?|names?",
    "pins?|knows?|refuses?|reports?|would have",
)
_GAP = re.compile(
    _any(
        rf"\bnothing (?:[\w./-]+ ){{0,4}}?{_HOLDS}\b",
        rf"\b(?:no|neither) (?:[\w./-]+ ){{0,2}}{_WORKS}s? (?:[\w./-]+ ){{0,3}}?{_HOLDS}\b",
        rf"\b{_WORKS}s? (?:[\w./-]+ ){{0,3}}?(?:never|only|doesnt|does not|didnt|did not|cant|cannot|dont|lacks?) ",
        rf"\b{_WORKS}s? (?:[\w./-]+ ){{0,3}}?(?:lets|allows|permits|accepts|takes) ",
        r"\b(?:isnt|arent|wasnt|werent|not|never) "
        r"(?:checked|enforced|validated|pinned|documented|tested|specified|verified|compared|locked|typed)\b",
        rf"\bthere (?:is|was|are|were) no (?:[\w./-]+ ){{0,2}}{_WORKS}s?\b",
    )
)
"""What says which part of the works let it through: a careless step in the same text is then what came through."""


def blames(text: str) -> bool:
    """Whether a text's cause is somebody's failing, or luck, and it names nothing that let this through."""
    words = " ".join(re.findall(r"[\w./-]+", text[:4000].replace("'", "").replace("\u2019", "").casefold()))
    return bool(_BLAME.search(words)) and not _GAP.search(words)
