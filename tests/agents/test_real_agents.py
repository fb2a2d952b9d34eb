"""Real coding agents, as their makers publish them, play roles in a lab: `make agents` installs them.

The model is scripted over HTTP, behind the gateway; everything else is as a person would have it.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from loopwright import workshop
from loopwright.testing.endpoint import scripted_endpoint
from loopwright.testing.script import Say, Script, Session, Turn
from tests.frontdoor.conftest import KEY, PLAN, Shop, bash, judges, settled

PROGRAMS = {"claude-code": "claude", "pi": "pi", "opencode": "opencode", "codex": "codex", "mini-swe-agent": "mini"}
OF_ITS_OWN = {"codex": "gpt-5-codex"}
"""Models of an API that has no prices here."""
CACHE = Path(__file__).parents[2] / ".agents-cache"
INSTALLED = os.pathsep.join(str(CACHE / place) for place in ("node_modules/.bin", "mini/bin"))
PLANTED = "sk-planted-in-dotenv-0123456789abcdef"

pytestmark = [
    pytest.mark.agents,
    pytest.mark.skipif(not CACHE.is_dir(), reason="the coding agents aren't installed: `make agents`"),
]

MEND = "sed -i 's/price \\* percent$/price * percent \\/ 100/' src/pricing.py"
LOOK = "env | grep -i -e key -e token -e url -e LOOPWRIGHT; cat .env ../.env ../../.env; git config --list; git log -p"
SUBMITTED = bash("echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT; echo 'Deliverables: src/pricing.py'")
DONE = Turn(Say("Deliverables: src/pricing.py\nEvidence: `make test`"))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """The shop, with the agents on PATH, a key in the environment and another one in .env, and a model."""
    made = settled(tmp_path)
    made.write(".gitignore", ".env\n")
    made.commit("ignored")
    made.write(".env", f"OPENAI_API_KEY={PLANTED}\n")
    with scripted_endpoint([mending(DONE), *judges()], key=KEY) as made.endpoint:
        path = os.pathsep.join([INSTALLED, os.environ["PATH"]])
        made.door.env |= {"PATH": path, "ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": made.model.url}
        made.door.env |= {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": f"{made.model.url}/v1"}
        yield made


def mending(last: Turn) -> Session:
    return Session(role="maker", turns=[bash(LOOK), bash(MEND), last])


def played_by(shop: Shop, agent: str, *roles: str) -> None:
    named = f"model: {OF_ITS_OWN[agent]}\n" if agent in OF_ITS_OWN else ""
    for role in roles:
        head = f"name: {role}\ndescription: plays the {role}\nbackend: {agent}\nmax-turns: 12\n{named}"
        text = f"---\n{head}---\nDo it well.\n"
        shop.write(f"agents/{role}.md", text)
    shop.commit(f"{agent} plays")


def everything(place: Path, repository: Path) -> Iterator[tuple[str, bytes]]:
    """(where, bytes) of every file under a folder, and of every object that the repository holds, reachable or not."""
    for path in place.rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield str(path), path.read_bytes()
    words = ["git", "cat-file", "--batch", "--batch-all-objects", "--unordered"]
    yield "the repository's objects", subprocess.run(words, cwd=repository, check=True, capture_output=True).stdout


@pytest.mark.parametrize(
    ("agent", "judging", "lab"),
    [
        ("claude-code", ("checker", "reviewer"), "container"),
        ("pi", ("checker",), "sandbox"),
        ("opencode", (), "clone"),
        ("codex", ("checker",), "sandbox"),
        ("mini-swe-agent", (), "sandbox"),
    ],
)
def test_a_plan_is_made_by_a_real_agent_and_lands_with_its_tokens_metered_and_no_key_anywhere(
    shop: Shop, agent: str, judging: tuple[str, ...], lab: str
) -> None:
    """Behind walls where these are to be had: without any network, and with no way out but the gateway."""
    if not shutil.which(PROGRAMS[agent], path=INSTALLED):
        pytest.skip(f"{agent} isn't installed: `make agents`")
    if agent == "mini-swe-agent":
        shop.model.script = Script([mending(SUBMITTED), *judges()])
    lab = "clone" if workshop.lacking(lab) else lab
    shop.write("agents/LOOPS.md", shop.read("agents/LOOPS.md").replace("lab: clone", f"lab: {lab}"))
    played_by(shop, agent, "maker", *judging)
    ran = shop.door("run", shop.plan("fix"), "--json")
    assert (ran.code, ran.json["outcome"], ran.json["landed"]) == (0, "met", True), str(ran)
    assert "percent / 100" in shop.read("src/pricing.py")

    asked = shop.model.asked("maker")
    spent = {name: sum(one.spent.get(known, 0) for one in shop.model.requests) for name, known in COUNTS.items()}
    assert {name: ran.json["tokens"][name] for name in COUNTS} == spent
    assert (ran.json["usd"] is None) if agent in OF_ITS_OWN else (ran.json["usd"] > 0)
    record = shop.record(1)
    calls, model = (3 if agent == "mini-swe-agent" else 2), OF_ITS_OWN.get(agent, "claude-opus-5-5")
    (attempt,), maker = record["attempts"], record["roles"]["maker"]
    assert (maker["turns"], sum(maker["tools"].values()), maker["model"]) == (len(asked), calls, model)
    assert attempt["ended"] == "done"
    assert "Deliverables: src/pricing.py" in attempt["summary"]
    transcript = shop.git("show", "refs/loopwright/runs/1:transcripts/1-1-maker.jsonl")
    assert [json.loads(line)["kind"] for line in transcript.splitlines()].count("call") == len(asked)

    seen = json.dumps([dict(one.headers) | {"body": one.body} for one in shop.model.requests])
    assert "LOOPWRIGHT_LAB=" in seen, "the agent was asked for its environment, and has shown it"
    home = shop.path.parent
    found = [where for where, data in everything(home, shop.path) if KEY.encode() in data or PLANTED.encode() in data]
    assert found == [str(shop.path / ".env")]
    assert not [key for key in (KEY, PLANTED) if key in seen or key in str(ran)]


COUNTS = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cache_read": "cache_read_input_tokens",
    "cache_write": "cache_creation_input_tokens",
}


def test_a_real_agent_that_would_run_past_the_budget_is_refused_and_the_line_stops(shop: Shop) -> None:
    played_by(shop, "claude-code", "maker")
    shop.model.script = Script([Session(role="maker", turns=[bash("ls")], repeat=True)])
    ran = shop.door("run", shop.plan("fix", PLAN.replace("merge: auto", "budget: {tokens: 40000}")), "--json")
    assert (ran.code, ran.json["outcome"]) == (3, "stopped"), str(ran)
    assert 10 < len(shop.model.requests) < 30  # of 1,700 tokens each: answers become short, and the budget is used
    assert ran.json["tokens"]["input"] + ran.json["tokens"]["cache_write"] <= 40_000
    assert shop.record(1)["stop"]["reason"] == "budget"
