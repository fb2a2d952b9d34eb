"""What a person reads: reasons at first sight, nothing said twice, and no words that take over the terminal."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

from .conftest import CHECK, GOOD, Scripted, Shop, bash, judges, maker, write


def modernised(shop: Shop, program: str, *lines: str) -> None:
    """The shop with a command as its maker, nobody to judge, and further lines in LOOPS.md."""
    shop.write("agents/maker.md", f"---\nname: maker\nbackend: command\ncommand: {json.dumps(program)}\n---\n")
    for judge in ("checker", "goal-checker", "reviewer"):
        shop.write(f"agents/{judge}.md", f"---\nname: {judge}\nbackend: none\n---\n")
    shop.configure(*lines)


def test_a_role_that_is_left_out_gets_no_lab(shop: Shop, tmp_path: Path) -> None:
    counted = tmp_path / "labs"
    modernised(shop, "echo 1 > one.txt", f"setup: ['echo lab >> {counted}']")
    shop.plan("one", "---\nmerge: auto\n---\n# One\n## Goal\n- file `one.txt` exists\n")

    assert shop.door("run", "one", "--json").json["landed"]

    assert counted.read_text().count("lab") == 3  # the maker's, the chunk's gates', the landing's gates'


def test_what_a_failing_command_said_at_last_is_told_at_once(shop: Shop) -> None:
    check = "python3 -m no_such_runner"
    modernised(shop, "date +%N > one.txt")
    shop.write("agents/LOOPS.md", shop.read("agents/LOOPS.md").replace(CHECK, check))
    shop.commit("a check that can't work here")
    shop.plan("one", "# One\n## Goal\n- file `one.txt` exists\n")

    told = shop.door("run", "one", "--progress")

    said = "exit 1, expected 0: "
    assert told.code == 3
    for seen in (told.err, told.out, shop.page(1).partition("## Chunk 1")[0], shop.door("show", "1").out):
        assert said in seen
        assert "No module named no_such_runner" in seen.split(said)[1].splitlines()[0]


def test_gates_with_the_mainlines_tests_laid_over_are_told_from_the_others(shop: Shop) -> None:
    modernised(shop, "echo import os >> tests/test_pricing.py")
    shop.plan("one", "---\nmerge: auto\n---\n# One\n## Goal\n- `true`\n")

    assert shop.door("run", "one", "--json").json["landed"]

    assert shop.page(1).count(", with the mainline's tests laid over\n") == 2
    assert shop.door("show", "1").out.count(", with the tests of record (exit 0)\n") == 2


def test_a_makers_words_move_no_cursor_and_a_cut_line_shows_it(scripted: Scripted) -> None:
    deed = f"printf '\033[2J\033]0;mine\a' # \u202e{'x' * 300}"
    shop = scripted([maker(bash(deed), write("src/pricing.py", GOOD)), *judges()])
    shop.plan("fix")

    told = shop.door("run", "fix", "--progress")

    (line,) = [line for line in told.err.splitlines() if " . bash " in line]
    assert line.isprintable()
    assert line.endswith(" [...]")


def test_colours_are_for_terminals_whose_person_wants_them(shop: Shop) -> None:
    shop.plan("broken", "# No goal\n")
    shown = [pty_output(shop, more) for more in ({}, {"NO_COLOR": "1"})]

    assert ["\033[31m" in text for text in shown] == [True, False]
    assert all("there is no goal" in text for text in shown)


def pty_output(shop: Shop, more: dict[str, str]) -> str:
    """What `loopwright check` shows on a terminal."""
    ours, theirs = pty.openpty()
    env = {**shop.door.env, "TERM": "xterm", **more}
    command = [sys.executable, "-m", "loopwright", "check"]
    with subprocess.Popen(command, cwd=shop.path, env=env, stdout=theirs, stderr=theirs) as process:
        process.wait(60)
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # Linux: the end of a terminal without a writer
        while data := os.read(ours, 4096):
            shown += data
    os.close(ours)
    return shown.decode()
