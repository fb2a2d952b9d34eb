"""Record commits: loopwright's own lines on the mainline, and a person's words in the same files kept."""

from __future__ import annotations

from datetime import date

import pytest

from loopwright.errors import BadUse
from loopwright.loops.promotion import edits, recording
from loopwright.loops.promotion.edits import Edit
from loopwright.vocabulary import Countermeasure
from tests.promotion.conftest import Line, person

PLAN = "---\nstatus: ready\npriority: P1\n---\n# Something\n\n## Chunks\n### 1. One\nDo it.\n\n## Goal\n- `true`\n"
PATH = "plans/x.md"


def status(value: str) -> Edit:
    return Edit("status", PATH, (value,))


def record(line: Line, *edits: Edit) -> str:
    return recording.record(line.hub, "main", edits, "loopwright: x (gen-1)", 1)


@pytest.fixture
def planned(line: Line) -> Line:
    line.repo.write(PATH, PLAN)
    line.repo.commit("a plan")
    return line


def test_one_line_changes_and_the_trailer_says_whose_it_is(planned: Line) -> None:
    before = planned.main
    commit = record(planned, status("running"))
    assert planned.main == commit
    assert planned.repo.git("diff", "--numstat", before, commit) == f"1\t1\t{PATH}"
    assert planned.repo.git("show", "-s", "--format=%(trailers:key=Loopwright-Record,valueonly)", commit).strip() == "1"
    assert planned.repo.read(PATH) == PLAN.replace("ready", "running")
    assert planned.repo.status() == ""


def test_without_a_difference_there_is_no_commit(planned: Line) -> None:
    commit = record(planned, status("running"))
    assert record(planned, status("running")) == commit
    assert record(planned, Edit("status", "plans/none.md", ("running",))) == commit


def test_pages_and_lines_arrive_together_and_a_second_time_changes_nothing(planned: Line) -> None:
    planned.repo.write("plans/README.md", "# Plans\n")
    planned.repo.write("wiki/index.md", "# Index\n")
    planned.repo.commit("an index")
    told = (
        Edit("page", "wiki/90_LOG/p.md", ("# P\n",)),
        Edit("log", "wiki/log.md", ("2026-11-20", "landed", "X")),
        Edit("index", "wiki/index.md", ("90_LOG/p", "P")),
        status("done"),
        Edit("tick", PATH, ("1", "gen-1 at 1234567")),
    )
    commit = record(planned, *told)
    assert planned.repo.show(commit, "wiki/log.md").endswith("## [2026-11-20] landed | X\n")
    assert "[[90_LOG/p]]" in planned.repo.show(commit, "wiki/index.md")
    assert "gen-1 at 1234567" in planned.repo.show(commit, PATH)
    assert "done" in planned.repo.show(commit, "plans/README.md")
    assert record(planned, *told) == commit
    assert planned.repo.status() == ""


def test_nothing_but_loop_owned_paths(planned: Line) -> None:
    for path in ("src/x.py", "wiki/20_SYSTEM/x.md", "agents/LOOPS.md", "plans/deep/x.md", "README.md"):
        with pytest.raises(ValueError, match="loop-owned"):
            record(planned, Edit("page", path, ("x",)))


def test_a_dirty_plan_keeps_the_person_s_words_and_gets_the_line(planned: Line) -> None:
    planned.repo.write(PATH, PLAN + "My new words.\n")
    commit = record(planned, status("running"))
    assert planned.repo.read(PATH) == PLAN.replace("ready", "running") + "My new words.\n"
    assert planned.repo.show(commit, PATH) == PLAN.replace("ready", "running")
    assert planned.repo.git("show", f":{PATH}") + "\n" == PLAN.replace("ready", "running")
    assert planned.repo.status() == f" M {PATH}"


def test_a_staged_plan_stays_staged_with_the_line_in_it(planned: Line) -> None:
    planned.repo.write(PATH, PLAN + "Staged words.\n")
    planned.repo.git("add", PATH)
    planned.repo.write(PATH, PLAN + "Staged words.\nAnd more.\n")
    record(planned, status("running"))
    running = PLAN.replace("ready", "running")
    assert planned.repo.show("HEAD", PATH) == running
    assert planned.repo.git("show", f":{PATH}") + "\n" == running + "Staged words.\n"
    assert planned.repo.read(PATH) == running + "Staged words.\nAnd more.\n"
    assert planned.repo.status() == f"MM {PATH}"


@pytest.mark.parametrize("text", [PLAN, "\ufeff" + PLAN, PLAN.replace("\n", "\r\n"), "# Bare\n\n## Goal\n- `true`\n"])
def test_an_untracked_plan_is_adopted_byte_by_byte(line: Line, text: str) -> None:
    line.repo.write(PATH, text)
    commit = record(line, Edit("adopt", PATH, (text,)), status("running"))
    assert line.repo.status() == ""
    assert line.repo.show(commit, PATH) == line.repo.read(PATH)
    assert "status: running" in line.repo.read(PATH)
    ending = "\r\n" if "\r\n" in text else "\n"
    assert line.repo.read(PATH).count("\n") == line.repo.read(PATH).count(ending)


def test_bytes_that_are_no_utf8_are_adopted_as_they_are(line: Line) -> None:
    data = PLAN.encode() + b"\xff\xfe\n"
    line.repo.write(PATH, data)
    record(line, Edit("adopt", PATH, (data.decode(errors="surrogateescape"),)), status("running"))
    assert line.repo.status() == ""
    assert (line.repo.path / PATH).read_bytes() == data.replace(b"ready", b"running")


def test_a_plan_that_a_person_edited_after_it_was_claimed_is_adopted_as_it_was(line: Line) -> None:
    line.repo.write(PATH, PLAN + "Later words.\n")
    commit = record(line, Edit("adopt", PATH, (PLAN,)), status("running"))
    assert line.repo.show(commit, PATH) == PLAN.replace("ready", "running")
    assert line.repo.read(PATH) == PLAN.replace("ready", "running") + "Later words.\n"


def test_a_plan_that_a_person_deleted_stays_deleted(planned: Line) -> None:
    (planned.repo.path / PATH).unlink()
    record(planned, status("running"))
    assert planned.repo.status() == f" D {PATH}"
    planned.repo.git("rm", "-q", "--cached", PATH)
    record(planned, status("done"))
    assert planned.repo.status() == f"D  {PATH}"
    assert planned.repo.show("HEAD", PATH) == PLAN.replace("ready", "done")


def test_modes_are_kept(planned: Line) -> None:
    (planned.repo.path / PATH).chmod(0o755)
    planned.repo.commit("executable, why not")
    record(planned, status("running"))
    assert planned.repo.files()[PATH].startswith("100755")
    assert planned.repo.status() == ""


def test_everything_else_of_the_person_s_stays(planned: Line) -> None:
    planned.repo.write("other.txt", "mine\n")
    planned.repo.git("stash", "-q")
    planned.repo.write("a.txt", "staged\n")
    planned.repo.git("add", "a.txt")
    planned.repo.write("a.txt", "edited\n")
    planned.repo.write("untracked", "mine\n")
    before = person(planned.repo, (PATH,))
    record(planned, status("running"))
    assert person(planned.repo, (PATH,)) == before


def test_a_mainline_that_moves_meanwhile_gets_the_record_on_top(planned: Line) -> None:
    planned.repo.git("checkout", "-qb", "elsewhere")
    before = person(planned.repo)
    record(planned, status("running"))
    assert planned.repo.show("main", PATH) == PLAN.replace("ready", "running")
    assert person(planned.repo) == before


def test_a_merge_that_a_person_is_in_the_middle_of_goes_on(planned: Line) -> None:
    side = planned.repo.branch("side", {"other.txt": "theirs\n"})
    planned.repo.write("other.txt", "mine\n")
    planned.repo.commit("mine")
    assert planned.repo.ask("merge", "side")[0] == 1
    record(planned, status("running"))
    assert planned.repo.head("MERGE_HEAD") == side
    planned.repo.write("other.txt", "both\n")
    planned.repo.commit("merged")
    assert planned.repo.show("HEAD", PATH) == PLAN.replace("ready", "running")
    assert planned.repo.git("show", "-s", "--format=%P").split()[1] == side


def test_a_rebase_has_to_end_first(planned: Line) -> None:
    planned.repo.branch("side", {"other.txt": "theirs\n"})
    planned.repo.write("other.txt", "mine\n")
    planned.repo.commit("mine")
    assert planned.repo.ask("rebase", "side")[0]
    before = planned.main
    with pytest.raises(BadUse, match="rebase"):
        record(planned, status("running"))
    assert planned.main == before
    planned.repo.git("rebase", "--abort")
    record(planned, status("running"))
    assert planned.repo.status() == ""


def test_a_mainline_that_is_not_there_is_told(line: Line) -> None:
    with pytest.raises(BadUse, match="trunk"):
        recording.record(line.hub, "trunk", (status("running"),), "x", 1)


STANDARDS = "agents/STANDARDS.md"


def taught(check: str, incident: str) -> tuple[Edit, ...]:
    return edits.standards((Countermeasure("Sums add up", "L2", check=check),), incident, date(2026, 11, 21))


def test_a_standard_reaches_the_mainline_and_the_person_s_own_edits_of_the_page_alike(line: Line) -> None:
    first = record(line, *taught("make test", "gen-1"))
    assert line.repo.status() == ""
    mine = line.repo.read(STANDARDS).replace("# Standards\n", "# Standards\n\nMy words.\n")
    line.repo.write(STANDARDS, mine)
    commit = record(line, *taught("make lint", "gen-2"))
    assert line.repo.show(commit, STANDARDS).startswith(line.repo.show(first, STANDARDS).replace("S-2", "S-3"))
    assert "My words." not in line.repo.show(commit, STANDARDS)
    entry = line.repo.show(commit, STANDARDS).partition("### S-2")[2]
    assert line.repo.read(STANDARDS) == f"{mine.replace('S-2', 'S-3')}\n### S-2{entry}"
    assert record(line, *taught("make lint", "gen-2")) == commit


def test_a_standard_that_is_there_gets_the_incident_and_a_countermeasure_without_a_check_makes_none(line: Line) -> None:
    record(line, *taught("make test", "gen-1"))
    commit = record(line, *taught("make  test", "gen-2"))
    assert line.repo.show(commit, STANDARDS).count("### S-") == 1
    assert "Incident: gen-1, gen-2\n" in line.repo.read(STANDARDS)
    (line.repo.path / STANDARDS).unlink()
    line.repo.commit("without standards")
    note = edits.standards((Countermeasure("A note", "L4"),), "gen-3", date(2026, 11, 21))
    assert record(line, *note) == line.main
    assert STANDARDS not in line.repo.files()


def test_a_check_of_several_lines_is_refused_before_anything_moves(line: Line) -> None:
    before = line.main
    with pytest.raises(BadUse, match="several lines\n  mend: "):
        record(line, *taught("make a\nmake b", "gen-1"))
    assert line.main == before
