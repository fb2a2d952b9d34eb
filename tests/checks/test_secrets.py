"""No secret enters the history, and none is repeated where it is told of."""

from __future__ import annotations

import sysconfig
import time
from dataclasses import replace
from pathlib import Path

import pytest

from loopwright.checks.secrets import SecretsGuard
from loopwright.redaction import find, redact
from loopwright.vocabulary import Verdict

from .conftest import Bench

# Put together here, so that this file holds nothing of a key's shape itself.
LETTERS = "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zC"
KEYS = {
    "anthropic": "sk-" + "ant-api03-" + LETTERS,
    "openai": "sk-" + "proj-" + LETTERS,
    "aws": "AK" + "IA" + "Q3EGHKLNPRTVXZ25",
    "github": "gh" + "p_" + LETTERS + "aB3d",
    "github fine-grained": "github" + "_pat_" + LETTERS,
    "gitlab": "gl" + "pat-" + LETTERS,
    "slack": "xo" + "xb-1203987465-" + LETTERS,
    "google": "AI" + "za" + LETTERS + "aB3",
    "stripe": "sk" + "_live_" + LETTERS,
    "npm": "np" + "m_" + LETTERS + "aB3d",
    "hugging face": "h" + "f_" + LETTERS,
    "jwt": "ey" + "J" + LETTERS + "." + "ey" + "J" + LETTERS + "." + LETTERS,
    "private key": "-----BEGIN RSA " + "PRIVATE KEY-----\n" + LETTERS * 2 + "\n-----END RSA " + "PRIVATE KEY-----",
    "url": "postgres://app:" + "qT7#mZ9wLk2!" + "@db.example.org/x",
    "bearer": "Authorization: Bearer " + LETTERS,
    "password": 'password = "' + "qT7#mZ9wLk2!" + '"',
    "setting": "export SERVICE_API_TOKEN=" + LETTERS,
    "setting in a line": "run with SERVICE_API_TOKEN=" + LETTERS + " make",
    "json": '{"clientSecret": "' + LETTERS + '"}',
}


def guard(bench: Bench, text: str | bytes, known: tuple[str, ...] = (), path: str = "src/a.py") -> Verdict:
    return SecretsGuard(known).check(bench.change({path: text}), bench.lab)


@pytest.mark.parametrize("name", KEYS)
def test_a_key_of_a_known_shape_is_refused_rolled_back_and_not_repeated(bench: Bench, name: str) -> None:
    verdict = guard(bench, f"# settings\n{KEYS[name]}\n")
    assert (verdict.passed, verdict.reason, verdict.rolls_back) == (False, "secrets", True)
    assert "src/a.py:2: " in verdict.evidence
    assert LETTERS[:8] not in verdict.evidence
    assert "qT7" not in verdict.evidence


@pytest.mark.parametrize("name", KEYS)
def test_redacted_text_holds_no_secret_and_redacting_again_changes_nothing(name: str) -> None:
    once = redact(f"before\n{KEYS[name]}\nafter")
    assert "[redacted: " in once
    assert LETTERS not in once
    assert "qT7#mZ9wLk2!" not in once
    assert once.startswith("before\n")
    assert redact(once) == once


def test_only_added_lines_are_judged(bench: Bench) -> None:
    bench.mainline({"a.py": f"old = '{KEYS['openai']}'\nb = 1\n"})
    assert SecretsGuard().check(bench.change({"a.py": f"old = '{KEYS['openai']}'\nb = 2\n"}), bench.lab).passed
    assert SecretsGuard().check(bench.change({"a.py": "b = 1\n"}), bench.lab).passed


@pytest.mark.parametrize(
    "form",
    [
        "x = 'plain-known-value/42'",
        "url?k=plain-known-value%2F42&b",
        "cGxhaW4ta25vd24tdmFsdWUvNDI=",
        '{"k": "plain-known-value/42"}',
    ],
)
def test_a_known_value_is_found_in_every_form_it_may_take(bench: Bench, form: str) -> None:
    known = ("plain-known-value/42",)
    verdict = guard(bench, form + "\n", known)
    assert "src/a.py:1: one of this machine's own keys" in verdict.evidence
    assert "plain" not in verdict.evidence
    assert "[redacted: known value]" in redact(form, known)


def test_a_known_value_of_several_lines_is_found(bench: Bench) -> None:
    assert "src/a.py:2" in guard(bench, "a\nfirst half\nsecond half\nb\n", ("first half\nsecond half",)).evidence


def test_a_known_value_in_a_paths_name_is_found(bench: Bench) -> None:
    verdict = guard(bench, "x", ("known-value-9",), path="src/known-value-9.txt")
    assert verdict.reason == "secrets"
    assert "known-value" not in verdict.evidence


def test_values_too_short_to_be_keys_black_nothing_out() -> None:
    assert redact("the main thing", ("main", "")) == "the main thing"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_secret_in_a_file_that_git_takes_for_binary_is_found(bench: Bench, encoding: str) -> None:
    data = b"\0\1\2" + f"key {KEYS['anthropic']} end".encode(encoding)
    assert "binary" in guard(bench, data, path="blob.bin").evidence


def test_a_file_that_the_diff_leaves_out_is_read_in_the_lab(bench: Bench) -> None:
    change = replace(bench.change({"a.py": KEYS["github"]}), diff="")
    assert SecretsGuard().check(change, bench.lab).reason == "secrets"


def test_a_changed_file_that_cannot_be_searched_is_refused(bench: Bench) -> None:
    change = replace(bench.change({"a.py": "x"}), diff="")
    (bench.lab.root / "a.py").unlink()
    verdict = SecretsGuard().check(change, bench.lab)
    assert "a.py: cannot be searched: No such file" in verdict.evidence
    assert "leave out a file that can't be searched" in verdict.evidence


@pytest.mark.parametrize(
    "line",
    [
        'password = os.environ["DB_PASSWORD"]',
        "password = 'correct-horse-battery-staple'",
        'api_key = "your-api-key-goes-here-1A"',
        'token = "xxxxxxxxxxxxxxxxxxxxxxxx1A"',
        "AWS_KEY = '" + "AK" + "IA" + "IOSFODNN7EXAMPLE'",
        "secret: ${{ secrets.DEPLOY_TOKEN_2 }}",
        "token_url = 'https://login.example.org/oauth2/v2.0/token'",
        "make deploy API_TOKEN=$DEPLOY_TOKEN_OF_THE_DAY",
        "curl -d MAX_TOKENS=12345678901234567890 localhost",
        'if line.startswith("-----BEGIN RSA ' + 'PRIVATE KEY-----"):',
        "tokens = tokenize.generate_tokens(io.StringIO(text).readline)",
        "https://user:password@example.org/",
        '"integrity": "sha512-' + LETTERS * 2 + '=="',
        "commit 4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    ],
)
def test_ordinary_code_is_no_secret(bench: Bench, line: str) -> None:
    assert guard(bench, line + "\n").evidence == ""


@pytest.mark.parametrize(
    "module", ["http/client.py", "ssl.py", "tokenize.py", "secrets.py", "urllib/request.py", "hmac.py"]
)
def test_real_code_of_the_standard_library_passes(bench: Bench, module: str) -> None:
    source = Path(sysconfig.get_paths()["stdlib"], module)
    assert guard(bench, source.read_bytes()).passed


@pytest.mark.parametrize(
    "seed", ["a", "ey" + "J", "sk-" + "ant-", "-----BEGIN ", 'password="', "://a:", " ", "\n", "token:a|"]
)
def test_a_hostile_megabyte_is_searched_in_a_moment(seed: str) -> None:
    text = (seed * (1_048_576 // len(seed) + 1))[:1_048_576]
    started = time.perf_counter()
    find(text, ("known-value-9",))
    assert time.perf_counter() - started < 5  # 0.6 s at most on a quiet machine; quadratic would be minutes
