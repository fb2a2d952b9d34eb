#!/usr/bin/env python3
"""Stands in for a coding agent's program, by the name that it is called by: finds the gateway where that agent looks
for it, asks the model once, changes a file, and prints the end of its run as that agent does. An answer that begins
with `$ ` is a command: what that prints is what the file says."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def option(name: str) -> str:
    return sys.argv[sys.argv.index(name) + 1]


def found(agent: str) -> tuple[str, str, str, str]:
    """(base URL, token, model, brief) from the places where this agent has them."""
    env, told = os.environ, "" if agent in ("mini", "aider") else sys.stdin.read()
    if agent == "opencode":
        options = json.loads(env["OPENCODE_CONFIG_CONTENT"])["provider"]["anthropic"]["options"]
        return options["baseURL"].removesuffix("/v1"), options["apiKey"], option("--model"), told
    if agent == "pi":
        models = json.loads(Path(env["PI_CODING_AGENT_DIR"], "models.json").read_text())
        return models["providers"]["anthropic"]["baseUrl"], env["ANTHROPIC_API_KEY"], option("--model"), told
    if agent == "codex":
        provider = next(word for word in sys.argv if word.startswith("model_providers."))
        url = json.loads(provider.split("base_url=")[1].split(",")[0])
        return url.removesuffix("/v1"), env["OPENAI_API_KEY"], option("--model"), told
    if agent == "claude":
        return env["ANTHROPIC_BASE_URL"], env["ANTHROPIC_API_KEY"], option("--model"), told
    told = Path(option("--message-file")).read_text() if agent == "aider" else option("-t")
    return env["ANTHROPIC_API_BASE"], env["ANTHROPIC_API_KEY"], option("-m" if agent == "mini" else "--model"), told


def respond(url: str, token: str, model: str, told: str) -> str:
    body: dict[str, Any] = {"model": model, "stream": True, "instructions": "I am a stand-in."}
    body |= {"input": [{"role": "user", "content": told}], "tools": [{"type": "function", "name": "shell"}]}
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    last = posted(f"{url}/v1/responses", body, headers)[-1]["response"]
    return "".join(part["text"] for item in last["output"] for part in item["content"])


def ask(url: str, token: str, model: str, told: str) -> str:
    body: dict[str, Any] = {"model": model.removeprefix("anthropic/"), "max_tokens": 1000, "stream": True}
    body |= {"system": "I am a stand-in.", "tools": [{"name": "Bash", "input_schema": {"type": "object"}}]}
    body["messages"] = [{"role": "user", "content": told}]
    headers = {"x-api-key": token, "content-type": "application/json", "anthropic-version": "2023-06-01"}
    events = posted(f"{url}/v1/messages", body, headers)
    return "".join(event["delta"].get("text", "") for event in events if event["type"] == "content_block_delta")


def posted(url: str, body: dict[str, Any], headers: dict[str, str]) -> list[dict[str, Any]]:
    """The events of a streamed answer."""
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    lines = urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).read().decode().splitlines()
    return [json.loads(line[5:]) for line in lines if line.startswith("data:")]


def lines(agent: str, text: str, wrong: str) -> Iterator[dict[str, Any]]:
    """What the agent prints at its end: as it was measured, also where its exit code says something else."""
    if agent == "claude":
        yield {"type": "system", "subtype": "init"}
        yield {"type": "result", "subtype": "error_during_execution" if wrong else "success", "is_error": bool(wrong),
               "result": text, "permission_denials": []}  # fmt: skip
    elif agent == "codex":
        yield {"type": "turn.started"}
        yield {"type": "item.completed", "item": {"type": "agent_message", "text": text}}
        yield {"type": "turn.failed", "error": {"message": wrong}} if wrong else {"type": "turn.completed", "usage": {}}
    elif agent == "opencode":
        yield {"type": "step_start", "part": {}}
        yield {"type": "text", "part": {"text": text}}
        yield {"type": "error", "error": wrong} if wrong else {"type": "step_finish", "part": {"reason": "stop"}}
    elif agent == "pi":
        message = {"role": "assistant", "content": [{"type": "text", "text": text}]}
        ended = {"stopReason": "error" if wrong else "stop", "errorMessage": wrong}
        yield {"type": "message_end", "message": message | ended}
        yield {"type": "agent_end", "messages": [message]}


def printed(command: str) -> str:
    words = ["sh", "-c", command]
    ran = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return ran.stdout.decode(errors="replace").replace("\0", "\n")


def main() -> int:
    agent = Path(sys.argv[0]).name
    if "--version" in sys.argv:
        print(f"{agent} 1.2.3")
        return 0
    wrong, text = "", ""
    try:
        text = (respond if agent == "codex" else ask)(*found(agent))
        Path("made.txt").write_text(printed(text[2:]) if text.startswith("$ ") else "made\n")
    except OSError as problem:
        wrong = str(problem)
    for line in lines(agent, text, wrong):
        print(json.dumps(line))
    if agent == "mini":
        info = {"exit_status": "Error" if wrong else "Submitted", "submission": text}
        Path(option("-o")).write_text(json.dumps({"info": info}))
    if agent == "aider":
        print(text or wrong)
    return 1 if wrong and agent in ("claude", "opencode", "mini", "aider") else 0


if __name__ == "__main__":
    raise SystemExit(main())
