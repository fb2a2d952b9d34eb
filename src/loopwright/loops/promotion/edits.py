"""What a record commit changes, as values that fit the mainline's file, the staged one and the person's alike."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from loopwright.andon import plan_mode
from loopwright.andon.page import closed, refused, with_analysis
from loopwright.folders import agents, plans, wiki
from loopwright.journal.codec import decode
from loopwright.vocabulary import PROVEN, Analysis, Countermeasure, Status


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit of one loop-owned file. Made twice, it changes nothing the second time.

    what: `status` (a plan's status line), `tick` (a chunk's own line), `page` (a whole new file), `log` (one line
    more), `index` (one line more), `standards` (one entry more, or merged with the one of the same check), `whole`
    (regenerated), `adopt` (what isn't there yet), `resolved` (an incident's page), `refused` (the same, with what is
    missing), `analysis` and `planned` (the analyst's and the planner's answer, on a page that waits for it).
    """

    what: str
    path: str
    words: tuple[str, ...] = ()

    def apply(self, data: bytes | None) -> bytes | None:
        """The file after the edit; None stays None where the edit needs a file that isn't there."""
        match self.what, self.words:
            case "page" | "whole", (text,):
                return text.encode(errors="surrogateescape")
            case "adopt", (text,):
                return data if data is not None else text.encode(errors="surrogateescape")
            case "log", (day, verb, title):
                return wiki.log_line(data or b"", date.fromisoformat(day), verb, title)
            case "standards", (incident, day, measure, level, check):
                new = Countermeasure(measure, level, check=check)
                return agents.standards.added(data or b"", (new,), incident, date.fromisoformat(day)) or data
            case _ if data is None:
                return None
            case "resolved", (when, words):
                return closed(data, when, words)
            case "planned", (name, risks):
                return plan_mode.with_draft(data, name, risks)
            case "analysis", (text,):
                return with_analysis(data, decode(Analysis, json.loads(text)))
            case "status", (status,):
                return plans.with_status(data, Status(status))
            case "tick", (number, text):
                return plans.with_tick(data, int(number), text)
            case "index", (page, summary):
                return wiki.index_line(data, page, summary)
        if self.what == "refused" and data is not None and self.words:
            asked = plan_mode.undecided(data) if plan_mode.is_page(self.path) else data
            return refused(asked, self.words[0], self.words[1:])
        raise ValueError(f"no such edit: {self}")


def standards(new: Sequence[Countermeasure], incident: str, day: date) -> tuple[Edit, ...]:
    """The edits that make standards of countermeasures; those without a check that really runs make none."""
    held = (one for one in new if one.level in PROVEN and one.check.strip())
    words = ((incident, day.isoformat(), one.measure, one.level, one.check) for one in held)
    return tuple(Edit("standards", agents.standards.PATH, word) for word in words)


def apply_all(edits: tuple[Edit, ...], contents: Mapping[str, bytes | None]) -> dict[str, bytes | None]:
    """Every file after all its edits, in order."""
    after = dict(contents)
    for edit in edits:
        after[edit.path] = edit.apply(after.get(edit.path))
    return after
