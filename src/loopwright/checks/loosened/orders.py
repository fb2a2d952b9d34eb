"""What people decide and makers don't: goals, the criteria of plans, and the pipelines that judge on other machines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from loopwright.vocabulary import matches

PIPELINES = (
    *(".github/workflows/**", ".github/actions/**", ".gitlab-ci.yml", ".gitlab/ci/**", ".ci/**", ".circleci/**"),
    *("azure-pipelines*.y*ml", "Jenkinsfile*", ".travis.yml", "appveyor.yml", ".appveyor.yml", ".buildkite/**"),
    *(
        "bitbucket-pipelines.yml",
        ".drone.y*ml",
        ".woodpecker/**",
        ".woodpecker.y*ml",
        "cloudbuild.y*ml",
        ".semaphore/**",
    ),
)
_Read = Callable[[], bytes | None]
_GOALS = ("agents/GOALS.md",)
_PLANS = ("plans/*.md", "plans/**/*.md")
_OF_THE_RUN = re.compile(r"^(?:status|planned-at|updated):[^\n]*$", re.MULTILINE)
_TICK = re.compile(r"^(\s{0,40}[-*] )\[[ xX]\]", re.MULTILINE)


def is_pipeline(path: str) -> bool:
    return matches(path, PIPELINES)


def pipeline(path: str, named: tuple[str, ...]) -> Iterator[str]:
    """What a change of a pipeline is. `named` are the globs of the plan's scope: it is free to change when one of them
    spells out where it lies (`.github/workflows/test.yml`), not when it is caught by `**` along the way."""
    if not matches(path, tuple(glob for glob in named if _spelled(glob, path))):
        yield "a pipeline that judges the work, and the plan's scope doesn't name it"


def edited(path: str, old: _Read, new: _Read) -> Iterator[str]:
    """What a change made of goals and plans; `old` and `new` read the file where it matters."""
    if matches(path, _GOALS) and old() is not None:
        yield "the goals were edited"
    elif matches(path, _PLANS) and _criteria(old() or b"") - _criteria(new() or b""):
        yield "what a plan asks for was edited"


def _spelled(glob: str, path: str) -> bool:
    """Whether a glob begins with the path's own first name."""
    return glob.strip().removeprefix("./").split("/")[0] == path.split("/")[0]


def _criteria(plan: bytes) -> frozenset[str]:
    """The lines of a plan, whatever its status and its ticks."""
    text = _TICK.sub(r"\1[ ]", _OF_THE_RUN.sub("", plan.decode("utf-8", "replace")))
    return frozenset(line.strip() for line in text.splitlines() if line.strip())
