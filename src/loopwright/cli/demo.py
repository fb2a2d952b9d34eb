"""`loopwright demo`: the whole story on a bundled example, with everything real but, unless `--live`, the model."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from loopwright import overview, shell
from loopwright.cli import printing
from loopwright.cli.demo_shop import BUG, PLAN, Shop, environment, file
from loopwright.contracts.schemas import validate
from loopwright.errors import BadUse, LoopwrightError, Unreachable
from loopwright.journal import hub
from loopwright.running import EXIT

LIMITS = {False: 120.0, True: 3600.0}
"""Seconds within which the run must have ended: with the scripted model, and with a real one."""

_PAUSED = "paused: `loopwright resume"

SCRIPTED = "A scripted model answers in this demo: no key is needed, and nothing is billed (`--live` asks a real one)."
LIVE = "A real model is asked in this demo, with your key: it costs what the run's page says in the end."


def demo_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--live", action="store_true", help="ask the real model; needs ANTHROPIC_API_KEY")
    parser.add_argument("--keep", metavar="DIR", type=Path, help="where to put it; a new temporary folder without")
    printing.json_option(parser)


def demo(where: Path, options: argparse.Namespace) -> int:
    """Tell the story; 0 when the work landed, else what `loopwright run` would say."""
    settings = _key() if options.live else {}
    place = _place(where, options.keep)
    story = Story(sys.stderr if options.json else sys.stdout)
    story.say(LIVE if options.live else SCRIPTED)
    with _model(live=options.live) as (url, count):
        settings |= url
        shop = Shop(place / "shop", environment(place / "labs", settings))
        record = _play(story, shop, live=options.live)
        asked = count()
    shutil.rmtree(place / "labs", ignore_errors=True)
    _look(story, shop, record)
    if options.live:
        story.say(f"The answers came from the real model; it cost {printing.money(record['usd'])}.")
    else:
        story.say(
            f"A scripted model gave all {asked} answers (over HTTP, from demo_files/script.yaml), so the tokens and"
        )
        story.say("dollars above were not billed. Git, labs, tests, gates and the landing were real.")
    if options.json:
        _print_facts(shop, record, live=options.live)
    return 0 if record["landed"] else EXIT.get(record["outcome"]) or 1


def _key() -> dict[str, str]:
    """The settings by which the real model is reached."""
    found = {name: value for name, value in os.environ.items() if name.startswith(("ANTHROPIC_", "LOOPWRIGHT_"))}
    if not found.get("ANTHROPIC_API_KEY"):
        mend = "`export ANTHROPIC_API_KEY=...`, or run `loopwright demo` without --live: a scripted model answers"
        raise Unreachable("--live asks the real model, and there is no ANTHROPIC_API_KEY", mend)
    return found


def _place(where: Path, keep: Path | None) -> Path:
    if keep is None:
        return Path(tempfile.mkdtemp(prefix="loopwright-demo-"))
    place = where / keep
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise BadUse(f"{place} is there already, and not empty", "name a folder that isn't there yet")
    return place


@contextmanager
def _model(*, live: bool) -> Iterator[tuple[dict[str, str], Callable[[], int | None]]]:
    """Who answers: (settings by which it is reached, how often it was asked)."""
    if live:
        yield {}, lambda: None
        return
    from loopwright.testing.endpoint import scripted_endpoint
    from loopwright.testing.script import read

    with scripted_endpoint(read(file("script.yaml"))) as endpoint:
        reached = {"ANTHROPIC_BASE_URL": endpoint.url, "ANTHROPIC_API_KEY": "a-key-that-only-the-script-knows"}
        yield reached, lambda: len(endpoint.requests)


@dataclass(frozen=True)
class Story:
    """Where the story is told: plain lines, each at once, so that a log reads as a terminal does."""

    out: TextIO

    def say(self, text: str = "") -> None:
        print(text, file=self.out, flush=True)

    def head(self, text: str) -> None:
        self.say()
        self.say(printing.coloured(f"== {text}", "bold", self.out))

    def inset(self, text: str) -> None:
        self.say(textwrap.indent(text, "   "))

    def command(self, shop: Shop, *words: str) -> None:
        """A command and what it prints."""
        self.inset(f"$ {' '.join(words)}\n{shop.run(*words)}")

    def progress(self, line: str) -> None:
        """One line of the watcher's, tinted by what it tells where there are colours."""
        refused = "rejected by" in line or "FAILED:" in line
        passed = "passed:" in line or "landed as" in line
        self.inset(printing.coloured(line, "red" if refused else "green", self.out) if refused or passed else line)


def _play(story: Story, shop: Shop, *, live: bool) -> dict[str, Any]:
    """From the empty folder to the ended run; the run's row as `loopwright runs` has it."""
    story.head("A repository with a bug")
    shop.build()
    story.inset(f"in {shop.top}")
    story.command(shop, "git", "log", "--oneline", "--reverse")
    story.command(shop, *BUG)
    story.inset(
        "Five percent off 99.00 is 94.05: the shop loses a fraction of a cent on each piece. Its tests are green."
    )

    story.head("$ loopwright init")
    story.inset(next(line for line in shop.loopwright("init").splitlines() if "files written" in line))
    story.inset(
        f"in agents/LOOPS.md, verified work may land without waiting for a person:\n{shop.set_loops('merge', 'auto')}"
    )
    shop.commit("loopwright init")

    story.head(f"$ loopwright watch        (and plans/{PLAN}.md is saved)")
    return _watch(story, shop, LIMITS[live])


def _watch(story: Story, shop: Shop, limit: float) -> dict[str, Any]:
    """Start the watcher, save the plan, and wait until its run has ended. The watcher ends with this."""
    heard: list[str] = []

    def hear(line: str) -> None:
        heard.append(line)
        story.progress(line)

    def said(text: str) -> bool:
        return any(text in line for line in tuple(heard))

    command = [sys.executable, "-m", "loopwright", "watch", "--progress"]
    with shell.beside(command, cwd=shop.top, env=shop.env, line=hear) as watcher:
        _until(lambda: said("watching "), 60.0, watcher.poll, "the watcher never began to watch")
        shop.drop_plan()
        _until(lambda: said(_PAUSED) or _has_ended(shop), limit, watcher.poll, "the run did not end")
        if said(_PAUSED):
            mend = f"see to the key and the network; `loopwright resume 1` in {shop.top} goes on"
            raise Unreachable("the model could not be reached, so the run stands still", mend)
        record = overview.runs(hub.find(shop.top))[0]
        _until(lambda: said(_outcome(shop, record)), 30.0, watcher.poll, "the watcher did not tell the end")
        story.inset(f"^C        (the watcher, process {watcher.pid}, is ended)")
    return record


def _outcome(shop: Shop, record: Mapping[str, Any]) -> str:
    """The page's first sentence, as far as a line of progress shows it."""
    return _page(shop, record).split("\n\n")[1].splitlines()[0][:100]


def _page(shop: Shop, record: Mapping[str, Any]) -> str:
    """The run's page without its front matter."""
    return (shop.top / str(record["page"])).read_text(encoding="utf-8").split("\n---\n", 1)[1].strip()


def _until(true: Callable[[], bool], seconds: float, ended: Callable[[], int | None], what: str) -> None:
    """Wait for a condition, as long as the watcher lives and the time isn't over."""
    deadline = time.monotonic() + seconds
    while not true():
        if (code := ended()) is not None:
            raise LoopwrightError(f"{what}: the watcher ended with exit {code}")
        if time.monotonic() > deadline:
            raise LoopwrightError(f"{what} within {seconds:g} s")
        time.sleep(0.05)


def _has_ended(shop: Shop) -> bool:
    """Whether the plan's run is over and its claim free: a look at one file while it isn't."""
    text = (shop.top / "plans" / f"{PLAN}.md").read_text(encoding="utf-8")
    if "status: ready" in text or "status: running" in text:
        return False
    return not overview.status(hub.find(shop.top))["runs"]


def _look(story: Story, shop: Shop, record: Mapping[str, Any]) -> None:
    """What came of it, and where to look next."""
    story.head(f"The page that was written: {record['page']}")
    story.inset(_page(shop, record))
    story.head("The history")
    story.command(shop, "git", "log", "--graph", "--oneline", "--decorate")
    if record["landed"]:
        story.command(shop, *BUG)
    story.head("Where to look next")
    told = _command()
    lines = (
        (f"cd {shop.top}", ""),
        (f"{told} show {record['run']}", "the timeline, every verdict, what each role cost"),
        (f"git diff gen-{record['run']}^ gen-{record['run']}", "what landed") if record["landed"] else (),
        ("git show refs/loopwright/runs/1:record.json", "the record; journal and transcripts lie beside it"),
        (f"{told} fsck", "that what landed is what was verified, for the whole history"),
        ("less wiki/log.md agents/LOOPS.md agents/maker.md", "the log, the configuration, what a maker is told"),
    )
    width = max(len(line[0]) for line in lines[1:] if line)
    story.inset("\n".join(f"{line[0]:<{width}}  {line[1]}".rstrip() for line in lines if line))
    story.say()


def _command() -> str:
    """How a person calls loopwright from anywhere."""
    mine, found = Path(sys.executable).with_name("loopwright"), shutil.which("loopwright")
    if found and Path(found) == mine:
        return "loopwright"
    return str(mine) if mine.exists() else f"{sys.executable} -m loopwright"


def _print_facts(shop: Shop, record: Mapping[str, Any], *, live: bool) -> None:
    keys = ("run", "plan", "outcome", "landed", "commit", "page", "seconds")
    told = {"scripted": not live, "repository": str(shop.top), **{key: record[key] for key in keys}}
    validate("demo", told)
    printing.facts(told)
