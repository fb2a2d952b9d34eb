"""README.md of the results: one summary on top, then every figure, proof and note of each benchmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_TOP = """\
# Results

Made by `make bench` out of the JSON files beside this page; don't edit it. Each ratio is between things measured in
the same run, taking turns. The figures are of one machine on one day: compare the ratios, not the seconds.
"""


def summary(results: Sequence[Mapping[str, Any]]) -> str:
    """The whole page."""
    rows = [
        (result["benchmark"], figure["name"], shown(figure))
        for result in results
        for figure in result["figures"]
        if figure.get("headline")
    ]
    return "\n".join([_TOP, *_table(("Benchmark", "Figure", "Value"), rows), "", *map(section, results)])


def section(result: Mapping[str, Any]) -> str:
    """One benchmark: figures, what was proved, what to know, and where time goes."""
    lines = [f"## {result['benchmark']}", "", result["about"], "", _circumstances(result), ""]
    lines += _table(("Figure", "Value", "Of"), [(f["name"], shown(f), _of(f)) for f in result["figures"]])
    lines += ["", *(f"- Seen: {proof}" for proof in result["proofs"]), *(f"- Note: {note}" for note in result["notes"])]
    if result["profile"]:
        rows = [(row["name"], str(row["count"]), _seconds(row["seconds"])) for row in result["profile"]]
        lines += ["", *_table(("Where it goes", "Count", "Seconds"), rows)]
    return "\n".join([*lines, ""])


def _circumstances(result: Mapping[str, Any]) -> str:
    machine, commit, load = result["machine"], result["commit"], result["load"]
    changed = " with changes" if commit["changed"] else ""
    quick = "; **quick: shows only that it works**" if result["quick"] else ""
    return (
        f"{result['taken'][:10]}, commit {(commit['id'] or 'none')[:10]}{changed}, {machine['cores']} cores, "
        f"{machine['system']}, Python {machine['python']}, git {machine['git']}, "
        f"load {load['before']} before and {load['after']} after{quick}"
    )


def shown(figure: Mapping[str, Any]) -> str:
    """A figure's value as people read it."""
    value, unit = figure["value"], figure["unit"]
    if value is None:
        return "not measured"
    if unit == "ratio":
        return f"{value:.2f} x" if value < 100 else f"{value:.0f} x"
    if unit == "s":
        return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"
    if unit == "share":
        return f"{value:.0%}"
    if unit in ("B", "count"):
        return f"{value:,.0f}" + (" B" if unit == "B" else "")
    return f"{value:g} {unit}"


def _of(figure: Mapping[str, Any]) -> str:
    return " / ".join(figure.get("over", ()))


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
