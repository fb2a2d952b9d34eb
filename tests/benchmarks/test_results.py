"""The benchmarks through their command: what they write fits the schema, and says the same when it is judged again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from benchmarks.catalogue import ALL

from benchmarks import reading, table

ROOT = Path(__file__).resolve().parent.parent.parent


def bench(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)


def kept() -> list[dict[str, Any]]:
    return reading.read(reading.RESULTS)


@pytest.mark.parametrize("name", ALL)
def test_a_quick_run_gives_a_result_that_fits_its_schema_and_is_judged_the_same_again(
    name: str, tmp_path: Path
) -> None:
    told = bench(name, "--quick", "--results", str(tmp_path))

    assert told.returncode == 0, told.stderr
    (result,) = reading.read(tmp_path)
    assert (result["benchmark"], result["quick"]) == (name, True)
    assert reading.judged_again(result, ALL[name]) == result
    assert result["machine"]["cores"] == os.cpu_count()
    assert f"## {name}" in (tmp_path / "README.md").read_text()


def test_every_benchmark_has_a_whole_result_that_is_judged_the_same_again() -> None:
    results = {result["benchmark"]: result for result in kept()}

    assert set(results) == set(ALL)
    for name, result in results.items():
        assert not result["quick"], name
        assert reading.judged_again(result, ALL[name]) == result


def test_the_page_of_results_is_the_one_that_their_files_give() -> None:
    assert (reading.RESULTS / "README.md").read_text() == table.summary(kept())


def test_results_name_no_place_of_the_machine_that_they_were_taken_on() -> None:
    for result in kept():
        text = json.dumps(result)
        assert str(Path.home()) not in text
        assert str(ROOT) not in text
        assert os.uname().nodename not in text


def test_a_name_that_is_no_benchmark_is_bad_usage_and_those_that_are_get_named() -> None:
    told = bench("no_such_benchmark")

    assert told.returncode == 2
    assert "claim_latency" in told.stderr


def test_a_result_with_anything_else_in_it_is_refused(tmp_path: Path) -> None:
    result = {**kept()[0], "host": "somebody's machine"}

    with pytest.raises(ValueError, match="host"):
        reading.write(result, tmp_path)
