"""A run's journal: on disk before anything builds on it, whole after a crash, without a secret in it."""

from __future__ import annotations

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from loopwright.clocks import SystemClock
from loopwright.journal.facts import FileJournal, Lines
from loopwright.testing.clock import FakeClock

KEY = "sk-ant-api03-" + "Ab1_" * 12
PASSWORD = "correct horse 9 battery"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_facts_are_numbered_without_gaps_and_read_back(tmp_path: Path) -> None:
    path, clock = tmp_path / "deep" / "journal.jsonl", FakeClock()
    journal = FileJournal(path, clock)
    journal.write("note", {"text": "ünï\u2028code\n\0"})
    clock.advance(1.5)
    journal.write("note", {"text": "two"})
    again = FileJournal(path, clock)
    again.write("note", {"text": "three"})
    assert [(fact["seq"], fact["text"]) for fact in again.facts()] == [
        (1, "ünï\u2028code\n\0"),
        (2, "two"),
        (3, "three"),
    ]
    assert again.facts()[1]["at"] == "2026-11-20T12:00:01.500+00:00"
    assert lines(path) == list(again.facts())


def test_many_threads_write_at_once_and_nothing_is_torn_lost_or_taken_for_a_strangers(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path / "journal.jsonl", SystemClock())
    pages = Lines(tmp_path / "transcript.jsonl")

    def write(number: int) -> None:
        journal.write("note", {"text": f"{number}"})
        pages.append({"kind": "call", "said": f"{number} {'x' * 20_000}"})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(120)))
    assert [fact["seq"] for fact in journal.facts()] == list(range(1, 121))
    assert sorted(int(fact["text"]) for fact in journal.facts()) == list(range(120))
    assert FileJournal(tmp_path / "journal.jsonl", SystemClock()).broken is None
    assert lines(tmp_path / "transcript.jsonl") == list(pages.entries())
    assert sorted(int(page["said"].split()[0]) for page in pages.entries()) == list(range(120))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["journal.jsonl", "transcript.jsonl"]


def test_the_newest_fact_that_is_as_wanted(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path / "j", SystemClock())
    for key, text in (("a", "1"), ("b", "2"), ("a", "3")):
        journal.write("note", {"key": key, "text": text})
    assert (journal.last("note", key="a") or {})["text"] == "3"
    assert journal.last("note", key="c") is None
    assert journal.last("ended") is None


def test_a_kind_that_nobody_knows_is_not_written(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path / "j", SystemClock())
    with pytest.raises(ValueError, match="kind"):
        journal.write("gossip", {})
    assert journal.facts() == ()
    assert not (tmp_path / "j").exists()


@pytest.mark.parametrize("torn", [b'{"seq": 2, "at": "20', b'{"seq": 2}', b"\0\0\0\0", b"\xff", b'{"seq": 2}\n{"x'])
def test_a_torn_last_line_is_cut_off_and_the_journal_goes_on(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "j"
    entries = Lines(path)
    entries.append({"text": "whole"})
    whole = path.read_bytes()
    path.write_bytes(whole + torn)
    again = Lines(path)
    kept = 2 if b"}\n" in torn else 1
    assert len(again.entries()) == kept
    again.append({"text": "next"})
    assert len(lines(path)) == kept + 1
    assert lines(path)[0] == {"text": "whole"}


def test_every_line_that_was_written_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "j"
    pid = os.fork()
    if pid == 0:
        entries = Lines(path)
        for i in range(1_000_000):
            entries.append({"i": i})
            if i == 40:
                os.kill(os.getpid(), signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    assert [entry["i"] for entry in Lines(path).entries()] == list(range(41))


SECRETS: tuple[Any, ...] = (
    {"text": f"the key is {KEY} here"},
    {"text": f"line\n{KEY}"},
    {"deep": [{"er": {"list": ["x", KEY]}}]},
    {KEY: "as a name"},
    {"text": f"known: {PASSWORD}!"},
    {"api_key": "Zx9-qW4_tR7bN2mK8vJ5"},
    {"text": "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEowIBAAKCAQEA7v9Zx3pQr8StUvWx\n" * 5},
    {
        "output": "cat key\n-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ",
        "after": "kept",
    },
    {"text": json.dumps({"token": KEY, "quoted": f'"{PASSWORD}"'})},
)


@pytest.mark.parametrize("entry", SECRETS, ids=range(len(SECRETS)))
def test_no_secret_reaches_the_disk_and_every_line_still_reads(tmp_path: Path, entry: dict[str, Any]) -> None:
    path = tmp_path / "j"
    entries = Lines(path, (PASSWORD,))
    entries.append(entry)
    entries.append({"text": "after"})
    text = path.read_text()
    for secret in (KEY, PASSWORD, "Zx9-qW4", "MIIEowIBAAKCAQEA7v9Zx3pQr8StUvWx", "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU"):
        assert secret not in text
    assert "[redacted: " in text
    assert lines(path) == list(entries.entries()) == list(Lines(path).entries())
    assert len(lines(path)) == 2
    assert "after" not in entry or lines(path)[0]["after"] == "kept"


def test_what_cannot_be_written_as_utf8_does_not_stop_a_run(tmp_path: Path) -> None:
    path = tmp_path / "j"
    entries = Lines(path)
    entries.append({"text": "lone \udcff surrogate", "path": tmp_path})
    assert len(Lines(path).entries()) == 1


def test_who_looks_on_takes_nothing_away_from_a_line_that_is_being_written(tmp_path: Path) -> None:
    path = tmp_path / "j"
    path.write_bytes(b'{"seq": 1, "te')
    assert Lines(path).entries() == ()
    with path.open("ab") as writer:
        writer.write(b'xt": "whole"}\n')
    assert [entry["text"] for entry in Lines(path).entries()] == ["whole"]


def test_lines_that_something_else_wrote_are_put_aside_and_what_was_known_is_put_back(tmp_path: Path) -> None:
    path = tmp_path / "j"
    journal = FileJournal(path, SystemClock())
    journal.write("note", {"text": "one"})
    path.write_text(path.read_text().replace("one", "won") + '{"seq": 2, "kind": "ended"}\n')

    journal.write("note", {"text": "two"})

    assert [fact["text"] for fact in lines(path)] == ["one", "two"]
    (aside,) = journal.forged
    assert "won" in aside.read_text()
    assert "ended" in aside.read_text()


@pytest.mark.parametrize("deed", ["gone", "a link", "a folder"])
def test_a_journal_that_is_taken_away_is_made_again(tmp_path: Path, deed: str) -> None:
    path = tmp_path / "j"
    journal = FileJournal(path, SystemClock())
    journal.write("note", {"text": "one"})
    path.unlink()
    if deed == "a link":
        path.symlink_to("/dev/zero")
    if deed == "a folder":
        path.mkdir()

    journal.write("note", {"text": "two"})

    assert [fact["text"] for fact in lines(path)] == ["one", "two"]
    assert len(journal.forged) == 1


@pytest.mark.parametrize(
    ("old", "new", "broken"), [("", "", None), ("one", "won", 2), ("two", "too", 3), ("three", "tree", None)]
)
def test_a_later_reader_sees_that_an_earlier_line_was_edited(
    tmp_path: Path, old: str, new: str, broken: int | None
) -> None:
    """But for the last line, which nothing comes after."""
    path = tmp_path / "j"
    journal = FileJournal(path, SystemClock())
    for text in ("one", "two", "three"):
        journal.write("note", {"text": text})
    path.write_text(path.read_text().replace(old, new) if old else path.read_text())

    assert FileJournal(path, SystemClock()).broken == broken
    assert [fact["text"] for fact in journal.facts()] == ["one", "two", "three"]
