"""The demo tells the whole story, says who answered, and ends with an error when nothing landed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from loopwright.testing.endpoint import Endpoint, scripted_endpoint
from loopwright.testing.frontdoor import FrontDoor, Told
from loopwright.testing.script import Call, Say, Session, Turn

KEY = "sk-ant-test-0123456789abcdefghijklmnop"


def front_door(where: Path) -> FrontDoor:
    """The command on a machine where nobody has told git who they are, outside of any repository."""
    (where / "home").mkdir()
    return FrontDoor(where, {"PATH": os.environ["PATH"], "HOME": str(where / "home"), "LANG": "C.UTF-8"})


@pytest.fixture
def door(tmp_path: Path) -> FrontDoor:
    return front_door(tmp_path)


@dataclass(frozen=True)
class Story:
    """A demo that was held, and the shop that it left."""

    told: Told
    shop: Path
    door: FrontDoor

    def git(self, *words: str) -> str:
        done = subprocess.run(["git", *words], cwd=self.shop, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def buy(self, *words: str) -> str:
        return subprocess.run(["python3", "-m", "shop", *words], cwd=self.shop, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """One demo for the tests that only look at what it left."""
    door = front_door(tmp_path_factory.mktemp("demo"))
    return Story(door("demo", "--keep", "story"), door.where / "story" / "shop", door)


def test_the_demo_lands_what_was_wrong_twice_and_says_that_a_script_answered(story: Story) -> None:
    told = story.told

    assert told.code == 0, told.out + told.err
    lines = told.out.strip().splitlines()
    assert "A scripted model answers in this demo" in lines[0]
    assert "A scripted model gave all 22 answers" in lines[-2]
    assert "= python3 -m unittest discover -s tests says no: test_pricing" in told.out
    assert "= checker says no: shop/receipt.py:9" in told.out
    assert "AssertionError: 1341 != 1390" in told.out
    assert "shop/receipt.py:9: the saving is rounded by itself" in told.out
    assert f"cd {story.shop}" in told.out
    assert "\033[" not in told.out
    assert story.buy("100x99", "--coupon", "5").endswith("94.05\n")
    assert "status: done" in (story.shop / "plans" / "coupon-off-the-sum.md").read_text()
    assert story.git("log", "-1", "--format=%s", "gen-1").startswith("land coupon-off-the-sum")
    assert story.git("status", "--porcelain") == ""


def test_the_commands_at_the_end_of_the_demo_work(story: Story) -> None:
    lines = [line.strip() for line in story.told.out.split("== Where to look next")[1].splitlines()]
    commands = [re.split(r"  +", line)[0] for line in lines if "  " in line]

    assert len(commands) == 5
    for command in commands:
        done = subprocess.run(command, shell=True, cwd=story.shop, capture_output=True, text=True)  # noqa: S602
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        assert done.stdout


def test_the_watcher_of_the_demo_is_gone_when_the_demo_is(story: Story) -> None:
    again = FrontDoor(story.shop, story.door.env)("watch", "--once")

    assert "another watcher" not in again.err
    assert not (story.shop.parent / "labs").exists()


def test_what_the_scripted_checker_holds_against_the_maker_is_true(story: Story) -> None:
    story.git("switch", "-q", "--detach", "refs/loopwright/attempts/1/2/1")

    rows = story.buy("1x99", "--coupon", "5").splitlines()

    assert [row.split()[-1] for row in rows] == ["0.99", "-0.04", "4.90", "5.84"]
    assert "// 100" in (story.shop / "shop" / "receipt.py").read_text().splitlines()[8]
    story.git("switch", "-q", "main")


def test_the_demo_as_json_prints_one_object_and_keeps_a_temporary_folder_that_it_names(door: FrontDoor) -> None:
    told = door("demo", "--json")

    assert (told.json["scripted"], told.json["outcome"], told.json["landed"]) == (True, "met", True)
    shop = Path(told.json["repository"])
    assert shop.parent.name.startswith("loopwright-demo-")
    assert (shop / told.json["page"]).is_file()
    assert (shop / "plans" / "coupon-off-the-sum.md").is_file()
    assert "A scripted model answers in this demo" in told.err
    shutil.rmtree(shop.parent)


def test_a_folder_with_something_in_it_is_left_alone(door: FrontDoor) -> None:
    (door.where / "story").mkdir()
    (door.where / "story" / "letter.txt").write_text("Dear Ada")

    told = door("demo", "--keep", "story")

    assert told.code == 2
    assert "is there already, and not empty" in told.err
    assert [path.name for path in (door.where / "story").iterdir()] == ["letter.txt"]


def test_live_without_a_key_says_how_to_get_on(door: FrontDoor) -> None:
    told = door("demo", "--live", "--keep", "story")

    assert told.code == 4
    assert "there is no ANTHROPIC_API_KEY" in told.err
    assert "mend: `export ANTHROPIC_API_KEY=...`" in told.err
    assert not (door.where / "story").exists()


@pytest.fixture
def stubborn() -> Iterator[Endpoint]:
    """A model at whose work the checker says no each time; it lets in one key only."""
    idea = Turn(Call("bash", command="date +%s%N > shop/idea.txt"))
    no = Turn(Call("submit_verdict", decision="reject", reasons=["that is no coupon"], confidence="high"))
    sessions = (Session(role="maker", turns=[idea, Turn(Say("Done."))]), Session(role="checker", turns=[no]))
    with scripted_endpoint(sessions, key=KEY) as endpoint:
        yield endpoint


def live(door: FrontDoor, endpoint: Endpoint, key: str) -> Told:
    settings = {"ANTHROPIC_BASE_URL": endpoint.url, "ANTHROPIC_API_KEY": key, "LOOPWRIGHT_RETRY_SECONDS": "1"}
    return door("demo", "--live", "--keep", "story", env=settings)


def test_a_demo_in_which_nothing_lands_ends_with_the_runs_own_exit_code(door: FrontDoor, stubborn: Endpoint) -> None:
    told = live(door, stubborn, KEY)

    assert told.code == 3, told.out + told.err
    assert told.out.startswith("A real model is asked in this demo")
    assert "scripted" not in told.out.lower()
    assert told.out.count("checker says no: that is no coupon") == 3
    assert "Total                94.00" in told.out


def test_live_with_a_wrong_key_pauses_and_says_how_to_go_on(door: FrontDoor, stubborn: Endpoint) -> None:
    told = live(door, stubborn, KEY + "x")

    assert told.code == 4, told.out + told.err
    assert "mend: see to the key" in told.err
    assert KEY not in told.out + told.err


def test_the_readmes_picture_is_made_of_lines_of_the_demo(story: Story) -> None:
    readme = (Path(__file__).parent.parent.parent / "README.md").read_text()
    picture = readme.split("```text\n", 1)[1].split("```", 1)[0].splitlines()
    told = {measured_out(line) for line in story.told.out.splitlines()}

    shown = [line for line in picture if "[...]" not in line and line != "$ make demo"]
    assert len(shown) > 20
    assert [line for line in shown if measured_out(line) not in told] == []


def measured_out(line: str) -> str:
    """A line without what differs from run to run: seconds, dollars, commits, the width of gaps."""
    without = re.sub(r"^ *\d+\.\ds|\$\d+\.\d{4}|\b[0-9a-f]{7}\b", "", line)
    return " ".join(without.split())
