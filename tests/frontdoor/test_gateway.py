"""A maker that is a program, and asks a model through the gateway: what it costs, and what it may not cost."""

import sys

from loopwright.testing.script import Say, Session, Turn

from .conftest import KEY, Scripted, Shop, judges

ASK = """
import json, os, urllib.error, urllib.request as u
body = {"model": "claude-opus-5-5", "max_tokens": 1000, "messages": [{"role": "user", "content": "Hi"}]}
asked = u.Request(os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages", json.dumps(body).encode())
asked.add_header("x-api-key", os.environ["ANTHROPIC_API_KEY"])
try:
    told = json.load(u.build_opener(u.ProxyHandler({})).open(asked))["content"][0]["text"]
except urllib.error.HTTPError as no:
    raise SystemExit(no.read().decode())
path = "src/pricing.py"
text = open(path).read().replace("* percent\\n", "* percent / 100\\n")
open(path, "w").write(text)
print(told)
"""


def with_a_program(scripted: Scripted, budget: str = "{}") -> Shop:
    """The shop, with a program as its maker that asks the model once."""
    shop = scripted([*judges(), Session(turns=[Turn(Say("Deliverables: src/pricing.py\nEvidence: tests"))])])
    (shop.path.parent / "ask.py").write_text(ASK)
    command = f"{sys.executable} {shop.path.parent / 'ask.py'}"
    shop.write(
        "agents/maker.md", f'---\nname: maker\ndescription: x\nbackend: command\ncommand: "{command}"\n---\nMake.\n'
    )
    shop.configure(f"budget: {budget}")
    return shop


def test_what_a_program_asks_is_in_the_runs_record_and_the_key_is_not(scripted: Scripted) -> None:
    shop = with_a_program(scripted)
    ran = shop.door("run", shop.plan("fix"), "--json")
    assert (ran.code, ran.json["landed"]) == (0, True), ran.err
    maker = shop.record(1)["roles"]["maker"]
    (asked,) = (one for one in shop.model.requests if one.first == "Hi")
    assert (maker["turns"], maker["model"], maker["usage"]["output"]) == (1, asked.model, asked.spent["output_tokens"])
    assert maker["usage"]["usd"] > 0
    assert KEY not in shop.git("show", "refs/loopwright/runs/1:transcripts/1-1-maker.jsonl")


def test_when_the_days_dollars_are_gone_the_call_is_not_made_and_the_run_waits(scripted: Scripted) -> None:
    shop = with_a_program(scripted, "{usd-per-day: 0.01}")
    ran = shop.door("run", shop.plan("fix"))
    assert ran.code == 2, ran.err
    assert "usd-per-day" in ran.err
    assert shop.model.requests == []
    shop.configure("budget: {usd-per-day: 5}")
    assert shop.door("run", "fix").code == 0, "it goes on once there is more"


def test_an_agent_that_is_not_on_path_or_has_no_key_is_said_before_anything_is_claimed(scripted: Scripted) -> None:
    shop = scripted(judges())
    shop.write("agents/maker.md", "---\nname: maker\ndescription: x\nbackend: pi\n---\nMake.\n")
    shop.commit("pi")
    shop.door.env["PATH"] = "/usr/bin:/bin"
    told = shop.door("run", shop.plan("fix"))
    assert told.code == 4
    assert "needs the program pi, which isn't on PATH" in told.err
    assert "mend: install it (`npm install -g @mariozechner/pi-coding-agent`)" in told.err
    assert shop.claims == []
    assert "MISSING  maker" in shop.door("doctor").out
    assert "pi" in next(line for line in shop.door("doctor").out.splitlines() if "agents: " in line)
