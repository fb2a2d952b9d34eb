"""Which change of a setting makes a check laxer: what tools' settings have in common, by the names that they use."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from loopwright.checks.loosened.commands import JUDGE, JUDGES, LAX, NO_JUDGE, asked, laxer

Settings = Mapping[str, object]  # by dotted path: tool.coverage.report.fail_under

_MINIMUM = re.compile(
    r"(?:covfailunder|failunder|branches|functions|lines|statements|minimum|mincoverage|target|minscore)"
)
_MAXIMUM = re.compile(
    r"(?:\w*timeout|retries|reruns|retry|threshold|max(?!workers|concurrency|fail|linelength|doclength|len).*)"
)
_FROM_NONE = re.compile(r"(?:retries|reruns|retry)")  # absent is 0
_MORE_IS_LAXER = re.compile(
    r"(?:ignore|extendignore|ignores|ignorepatterns|exclude|extendexclude|omit|excludelines|excludealso|disable|skip|skips|"
    r"disableerrorcode|norecursedirs|testpathignorepatterns|coveragepathignorepatterns|excluderules|deselect|"
    r"disabledrules|excludedirs|ignorepaths|excludefiles|noqa|allowlist|partialbranches|partialalso)"
)
_FEWER_IS_LAXER = re.compile(
    r"(?:select|extendselect|enable|testpaths|pythonfiles|pythonclasses|pythonfunctions|testmatch|source|sourcepkgs|"
    r"plugins|extends|enableerrorcode|include|files|id|projects|collectcoveragefrom|roots)"
)
_STRICT = re.compile(
    r"(?:strict\w*|disallow\w*|warn(?!_?only)\w*|checkuntypeddefs|noimplicit\w*|nounused\w*|nounchecked\w*|nofallthrough\w*|"
    r"noproperty\w*|exactoptional\w*|branch|xfailstrict|alwaysstrict|forbidonly|collectcoverage|failon\w*|errorondeprecated)"
)
_LAX = re.compile(
    r"(?:ignoreerrors|ignoremissingimports|allow\w*|implicitoptional|implicitreexport|skiplibcheck|passwithnotests|"
    r"continueonerror|exitzero|retryfailed|noerrorsummary|followuntypedimports|informational)"
)
_GRADES = {
    **{"forbid": 3, "error": 2, "deny": 2, "2": 2, "warn": 1, "warning": 1, "1": 1},
    **{"information": 1, "off": 0, "allow": 0, "none": 0, "0": 0, "strict": 3, "standard": 2, "basic": 1},
}
_GRADED = re.compile(r"(?:^|\.)(?:rules|lints)\.|report[A-Z]\w+$|typeCheckingMode$")
_COSMETIC = re.compile(
    r"-(?:q+|v+|r\w*|s|l|n\w*|-py\d.*|-tb.*|-color.*|-durations.*|-numprocesses.*|-no-header|-show.*|-capture.*|-cov-report.*)"
)
_PATTERN = re.compile(r"[\\^$|(]")
_OPTIONS = re.compile(r"(?:addopts|args|exec)")


def loosened(old: Settings, new: Settings) -> Iterator[str]:
    """Every setting by which `new` checks less strictly than `old`."""
    yield from _programs(old, new)
    for path in dict.fromkeys([*old, *new]):
        before, after = old.get(path), new.get(path)
        if before != after and (told := _laxer(path, before, after)):
            yield f"{path} {told}"


def _programs(old: Settings, new: Settings) -> Iterator[str]:
    """What judges in some environment of tox, and in none by now."""
    was, now = (
        {program for path, value in some.items() if path.endswith(".commands") for program in _run(_lines(value))}
        for some in (old, new)
    )
    yield from (f"commands no longer run {program}" for program in sorted(was - now))


def _run(commands: list[str]) -> Iterator[str]:
    for command in commands:
        words = [word for word in command.split() if word not in {"-", "python", "-m", "{envpython}", "run"}]
        yield from (word for word in words[:2] if JUDGE.fullmatch(word))


def listed(value: object) -> set[str]:
    """A setting's values, one by one."""
    return set(_words(value)) or ({str(value)} if value is not None else set())


def _laxer(path: str, before: object, after: object) -> str:
    """How a setting became laxer; `` when it didn't, or when it is none that judges. None: it isn't there."""
    name = re.sub(r"[-_\s]", "", path.rpartition(".")[2]).lower()
    if _GRADED.search(path):
        return _graded(before, after)
    if re.search(r"(?:^|\.)(?:scripts|tasks)\.", path):
        judges = JUDGES.search(path.rpartition(".")[2]) and not NO_JUDGE.search(path.rpartition(".")[2])
        return _script(path, before, after) if judges else ""
    if name == "commands":  # of tox: which programs it runs is asked of all environments together
        gained = [word for word in _words(after) if LAX.match(word) and word not in _words(before)]
        return f"gained `{gained[0][:40]}`" if before is not None and gained else ""
    if _OPTIONS.fullmatch(name):
        return _options(_words(before), _words(after))
    if _MINIMUM.fullmatch(name) or _MAXIMUM.fullmatch(name):
        return _bound(before, after, -1 if _MINIMUM.fullmatch(name) else 1, from_none=bool(_FROM_NONE.fullmatch(name)))
    if isinstance(before, bool) or isinstance(after, bool):
        return _switched(name, before, after)
    if _MORE_IS_LAXER.fullmatch(name) or "perfileignores." in path.lower().replace("-", "").replace("_", ""):
        more = [item for item in _words(after) if item not in _words(before)]
        return f"now leaves out {', '.join(more)[:120]}" if more else ""
    if _FEWER_IS_LAXER.fullmatch(name):
        return _fewer(before, after)
    return _filters(before, after) if name == "filterwarnings" else ""


def _graded(before: object, after: object) -> str:
    was, now = _grade(before), _grade(after)
    if was is None:
        return f"is {after} now" if now == 0 else ""
    return f"was {_shown(before)} and is {_shown(after)}" if now is None or now < was else ""


def _grade(value: object) -> int | None:
    if isinstance(value, bool):
        return 2 if value else 0
    if isinstance(value, list):
        value = value[0] if value else None
    return _GRADES.get(str(value).lower())


def _script(path: str, before: object, after: object) -> str:
    if not isinstance(before, str) or "no test specified" in before:
        return ""
    return laxer(before, after) if isinstance(after, str) else "is gone"


def _options(before: list[str], after: list[str]) -> str:
    gone = [word for word in asked(before) if word not in after and not _COSMETIC.match(word)]
    for word in gone:
        name, _, value = word.partition("=")
        now = next((other.partition("=")[2] for other in after if value and other.startswith(f"{name}=")), None)
        sign = -1 if _MINIMUM.fullmatch(re.sub(r"[-_]", "", name).lower()) else 1
        if now is None or _bound(value, now, sign):
            return f"lost {word[:80]}"
    told = laxer(" ".join(["x", *before]), " ".join(["x", *before, *after]))
    return told or ("gained -p no:" if any(w.startswith("no:") and w not in before for w in after) else "")


def _bound(before: object, after: object, sign: int, *, from_none: bool = False) -> str:
    was, now = _number(before), _number(after)
    was = 0.0 if was is None and from_none and before is None else was
    if was is None:
        return ""
    if now is None and from_none:
        return ""
    worse = now is None or (now - was) * sign > 0
    return f"was {_shown(before)} and is {_shown(after)}" if worse else ""


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(str(value).strip().rstrip("%smh").replace("_", ""))
    except ValueError:
        return None


def _switched(name: str, before: object, after: object) -> str:
    if _STRICT.fullmatch(name) and before is True and after is not True:
        return "is no longer true"
    if _LAX.fullmatch(name) and after is True and before is not True:
        return "is true now"
    return "is no longer false" if _LAX.fullmatch(name) and before is False and after is not False else ""


def _fewer(before: object, after: object) -> str:
    gone = [item for item in _words(before) if item not in _words(after)]
    new = [item for item in _words(after) if item.startswith("!") and item not in _words(before)]
    if isinstance(before, str) and isinstance(after, str) and _PATTERN.search(before) and _PATTERN.search(after):
        return ""  # one pattern for another
    if gone and not _wider(gone, _words(after)):
        return f"lost {', '.join(gone)[:120]}"
    return f"now leaves out {', '.join(new)[:120]}" if new else ""


def _wider(gone: list[str], left: list[str]) -> bool:
    """Whether what stays holds what went: `E501` in `E`, everything in `ALL`."""
    return all(any(item.startswith(other) or other == "ALL" for other in left) for item in gone)


def _filters(before: object, after: object) -> str:
    was, now = _lines(before), _lines(after)
    if any(item.startswith("error") and item not in now for item in was):
        return "no longer takes warnings for errors"
    more = [item for item in now if item.startswith("ignore") and item not in was]
    return f"now ignores {more[0][:80]}" if more and any(item.startswith("error") for item in was) else ""


def _lines(value: object) -> list[str]:
    items = value if isinstance(value, list) else str(value or "").splitlines()
    return [str(item).strip() for item in items if str(item).strip()]


def _words(value: object) -> list[str]:
    items = value if isinstance(value, list) else re.split(r"[\s,]+", str(value)) if isinstance(value, str) else []
    return [str(item).strip() for item in items if str(item).strip()]


def _shown(value: object) -> str:
    return "gone" if value is None else str(value)[:60]
