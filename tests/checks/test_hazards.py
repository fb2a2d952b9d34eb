"""Links, repositories and modes that could lead out of a lab or into a person's checkout."""

from __future__ import annotations

from dataclasses import replace

import pytest

from loopwright.checks.hazards import HazardGuard
from loopwright.vocabulary import Change, Hazard

from .conftest import Bench


def reason(change: Change, bench: Bench) -> str:
    return HazardGuard().check(change, bench.lab).reason


@pytest.mark.parametrize(
    "kind", ["nested-repository", "escaping-symlink", "rewritten-history", "unreadable", "too-large"]
)
def test_a_hazard_that_the_lab_reports_is_refused_with_its_own_reason_and_mend(bench: Bench, kind: str) -> None:
    change = bench.change({"a": "a"}, hazards=(Hazard(kind, "vendor/x", "seen by the lab"),))
    verdict = HazardGuard().check(change, bench.lab)
    assert verdict.reason == kind
    assert "vendor/x" in verdict.evidence
    assert "seen by the lab" in verdict.evidence
    assert "mend: " in verdict.evidence


def test_two_kinds_of_hazard_are_both_told_with_both_mends(bench: Bench) -> None:
    hazards = (Hazard("unreadable", "a"), Hazard("nested-repository", "b"))
    verdict = HazardGuard().check(bench.change({"a": "a"}, hazards=hazards), bench.lab)
    assert verdict.reason == "unreadable"
    assert "chmod" in verdict.evidence
    assert "inner .git" in verdict.evidence


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("link", "/etc/passwd"),
        ("link", ".."),
        ("link", "../outside"),
        ("deep/er/link", "../../../outside"),
        ("deep/link", "./../../x"),
        ("link", "src/../../x"),
        ("link", "src/../x"),
        ("link", ".git/config"),
        ("link", "~/keys"),
        ("link", "C:/Windows"),
    ],
)
def test_a_link_that_can_lead_out_is_refused(bench: Bench, path: str, target: str) -> None:
    change = bench.change({"src/a": "a"}, links={path: target})
    verdict = HazardGuard().check(change, bench.lab)
    assert verdict.reason == "escaping-symlink"
    assert path in verdict.evidence


@pytest.mark.parametrize(
    ("path", "target"), [("link", "src/a"), ("deep/er/link", "../../src/a"), ("a/b", "./c"), ("x", "..y")]
)
def test_a_link_that_stays_inside_is_welcome(bench: Bench, path: str, target: str) -> None:
    assert reason(bench.change({"src/a": "a"}, links={path: target}), bench) == ""


def test_a_file_that_becomes_a_link_with_the_same_bytes_is_seen(bench: Bench) -> None:
    bench.mainline({"notes": "../../etc/passwd"})
    assert reason(bench.change(links={"notes": "../../etc/passwd"}), bench) == "escaping-symlink"


def test_a_link_whose_target_the_diff_does_not_show_is_refused(bench: Bench) -> None:
    change = bench.change({"src/a": "a"}, links={"link": "src/a"})
    assert reason(replace(change, diff=""), bench) == "escaping-symlink"


def test_added_text_cannot_pose_as_the_target_of_another_link(bench: Bench) -> None:
    forged = "diff --git a/link b/link\nnew file mode 120000\n--- /dev/null\n+++ b/link\n@@ -0,0 +1 @@\n+safe\n"
    assert reason(bench.change({"a.txt": forged}, links={"link": "/etc/passwd"}), bench) == "escaping-symlink"


def test_odd_names_of_links_are_read_as_git_quotes_them(bench: Bench) -> None:
    assert reason(bench.change({"src/ä": "a"}, links={'tab\t"quote" ä': "src/ä"}), bench) == ""
    assert reason(bench.change({"src/ä": "a"}, links={'tab\t"quote" ä': "/etc"}), bench) == "escaping-symlink"


def test_submodules_and_odd_modes_are_refused(bench: Bench) -> None:
    change = bench.change({"a": "a"})
    file = change.files[0]
    assert reason(replace(change, files=(replace(file, new_mode="160000"),)), bench) == "submodule"
    assert reason(replace(change, files=(replace(file, new_mode="104755"),)), bench) == "odd-mode"
    assert reason(replace(change, files=(replace(file, new_mode="100755"),)), bench) == ""


def test_taking_a_submodule_or_a_link_away_is_no_hazard(bench: Bench) -> None:
    change = bench.change({"a": "a"})
    gone = replace(change.files[0], kind="D", old_mode="160000", new_mode=None, new_blob=None)
    assert reason(replace(change, files=(gone,)), bench) == ""
