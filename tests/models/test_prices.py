from datetime import date

import pytest

from loopwright.errors import Unreachable
from loopwright.models.defaults import access, choose
from loopwright.models.prices import MODELS, cost, counted_as, longest_answer

TODAY = date(2026, 11, 21)
MILLION = 1_000_000


def usd(model: str, on: date = TODAY, **tokens: int) -> float | None:
    counts = {"input": 0, "output": 0, "cache_read": 0, "cache_write": 0} | tokens
    return cost(model, **counts, on=on)[0]


def test_each_kind_of_token_has_its_own_price() -> None:
    assert usd("claude-opus-5-5", input=MILLION) == 4
    assert usd("claude-opus-5-5", output=MILLION) == 20
    assert usd("claude-opus-5-5", cache_write=MILLION) == 5
    assert usd("claude-opus-5-5", cache_read=MILLION) == pytest.approx(0.20)
    assert usd("claude-opus-5-5", input=10, output=20, cache_read=30, cache_write=40) == pytest.approx(646e-6)


def test_a_price_holds_from_its_day_on() -> None:
    assert usd("claude-sonnet-5-5", date(2026, 10, 6), cache_read=MILLION) == pytest.approx(0.20)
    assert usd("claude-sonnet-5-5", date(2026, 10, 7), cache_read=MILLION) == pytest.approx(0.10)


def test_a_long_prompt_is_dearer_where_the_model_has_a_tier_for_it() -> None:
    assert usd("claude-haiku-5-5", input=100_000) == pytest.approx(0.01)
    assert usd("claude-haiku-5-5", input=100_001) == pytest.approx(0.0500005)
    assert usd("claude-haiku-5-5", input=1, cache_read=100_000) == pytest.approx((0.5 + 0.05 * 100_000) / MILLION)


def test_a_dated_name_has_the_price_of_its_model() -> None:
    assert usd("claude-haiku-4-5-20251001", output=MILLION) == 5


def test_an_answer_counts_by_the_name_that_has_a_price() -> None:
    assert counted_as("claude-haiku-5-5", "claude-opus-5-5") == "claude-haiku-5-5"
    assert counted_as("vendor.opus-v1:0", "claude-opus-5-5") == "claude-opus-5-5"
    assert counted_as("", "mine") == "mine"


def test_an_unknown_model_has_an_unknown_cost_with_a_reason() -> None:
    spent, reason = cost("house-model-7b", input=1, output=1, cache_read=0, cache_write=0, on=TODAY)
    assert spent is None
    assert reason is not None
    assert "house-model-7b" in reason


def test_every_known_model_can_write_as_much_as_is_asked_of_it() -> None:
    assert all(longest_answer(name) <= model.longest_answer for name, model in MODELS.items())
    assert longest_answer("house-model-7b") == 8_192


def test_the_role_file_wins_over_the_environment_and_that_over_the_default() -> None:
    env = {"LOOPWRIGHT_MODEL": "judge", "LOOPWRIGHT_LAB_MODEL": "hand"}
    assert choose("maker", "mine", env) == "mine"
    assert choose("maker", None, env) == "hand"
    assert choose("documenter", None, env) == "hand"
    assert choose("checker", None, env) == "judge"
    assert choose("maker", None, {"LOOPWRIGHT_MODEL": "judge"}) == "judge"
    assert choose("maker", None, {}) == "claude-opus-5-5"
    assert choose("checker", None, {}) == "claude-sonnet-5-5"
    assert choose("analyst", None, {}) == "claude-haiku-5-5"


def test_no_judge_is_by_default_the_makers_own_model() -> None:
    for maker in ("claude-opus-5-5", "claude-sonnet-5-5"):
        for judge in ("checker", "goal-checker", "reviewer", "reflector"):
            assert choose(judge, None, {}, maker_model=maker) != maker


def test_only_those_who_write_files_use_the_labs_own_key_and_endpoint() -> None:
    env = {
        "ANTHROPIC_API_KEY": "main",
        "ANTHROPIC_BASE_URL": "http://main/",
        "LOOPWRIGHT_LAB_API_KEY": "lab",
        "LOOPWRIGHT_LAB_API_BASE": "http://lab",
    }
    assert (access("maker", env).key, access("maker", env).url) == ("lab", "http://lab")
    assert (access("reviewer", env).key, access("reviewer", env).url) == ("main", "http://main")
    assert "main" not in repr(access("reviewer", {"ANTHROPIC_API_KEY": "main"}))


def test_without_a_key_the_error_names_where_to_put_one() -> None:
    with pytest.raises(Unreachable, match=r"ANTHROPIC_API_KEY[\s\S]*\.env"):
        access("maker", {"ANTHROPIC_API_KEY": ""})
