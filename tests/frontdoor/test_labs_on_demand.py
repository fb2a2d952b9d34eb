"""A judge who looks at nothing but the diff gets no lab made; one who looks finds the candidate's files in it."""

from __future__ import annotations

from loopwright.testing.script import Call, Session, Turn

from .conftest import Scripted, good_maker, judges, verdict

OTHERS = "lab:over:5"
"""Where a run dies that opens a fifth lab: the maker's, and those of the chunk's gates, of the doubt whether these can
say no, and of the landing's gates are four."""


def test_judges_who_never_look_at_the_files_have_no_lab_made(scripted: Scripted) -> None:
    shop = scripted((good_maker(), *judges()))
    shop.plan("fix")

    told = shop.door("run", "fix", "--json", crash=OTHERS)

    assert told.code == 0, told.err
    assert told.json["landed"]


def test_one_who_looks_has_a_lab_with_what_would_land(scripted: Scripted) -> None:
    looks = Turn(Call("read_file", path="src/pricing.py"))
    shop = scripted((good_maker(), *judges()[:2], Session(role="reviewer", turns=[looks, verdict("approve")])))
    shop.plan("fix")

    assert shop.door("run", "fix", crash=OTHERS).code == -9, "its lab was the fifth"
    assert shop.door("run", "fix", "--json").json["landed"]
    (seen,) = shop.model.asked("reviewer")[-1].results
    assert "price * percent / 100" in str(seen)
    assert shop.labs == []


def test_with_a_setup_a_judges_lab_is_ready_before_its_session(scripted: Scripted) -> None:
    shop = scripted((good_maker(), *judges()))
    shop.configure("setup: ['true']")
    shop.plan("fix")

    assert shop.door("run", "fix", crash=OTHERS).code == -9
    assert shop.door("run", "fix", "--json").json["landed"]
