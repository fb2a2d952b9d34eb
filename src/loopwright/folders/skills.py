"""Reads `skills/`: procedures in the open Agent Skills form, `NAME/SKILL.md`, and flat `NAME.md` files.

Reading is lenient, as the clients of that form are: whatever has a description loads, and what is odd about it is
a warning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from loopwright import markdown
from loopwright.contracts import Tree, schemas
from loopwright.errors import BadFiles, Problem
from loopwright.folders.complaints import Complaints, plainly
from loopwright.markdown import Document
from loopwright.vocabulary import Skill

MAX_BYTES = 4 << 20
_YES = (True, 1, "true", "yes", "on", "1")
_FILE = "SKILL.md"


def read(path: str, data: bytes) -> tuple[Skill | None, tuple[Problem, ...]]:
    """The skill, or None when it has no description, and all that is odd about it. `Skill.text` is what follows the
    front matter."""
    document = markdown.read(path, data, limit=MAX_BYTES, forgiving=True, outline=False)
    complaints = Complaints(path)
    complaints.found.extend(document.problems)
    folder = home(path)
    description = _words(document, "description")
    name = _words(document, "name") or folder
    _judge(document, folder, complaints)
    if not description:
        return None, complaints.all
    hidden = document.header.get("disable-model-invocation", document.header.get("disable_model_invocation"))
    hidden = hidden.lower() if isinstance(hidden, str) else hidden
    return Skill(name, description, document.body.strip(), path, user_only=hidden in _YES), complaints.all


def read_all(tree: Tree) -> tuple[tuple[Skill, ...], tuple[Problem, ...]]:
    """Every skill of the tree that loads, by path, and all problems. Of two with one name, the folder's wins."""
    skills: dict[str, Skill] = {}
    found: list[Problem] = []
    for path in sorted(in_folder(tree), key=lambda path: (path.count("/") == 1, path)):
        try:
            data = tree.read(path)
        except BadFiles as bad:
            found.extend(bad.problems)
            continue
        skill, problems = read(path, data or b"")
        found.extend(problems)
        if skill and (first := skills.setdefault(skill.name, skill)) is not skill:
            message = f"the skill '{skill.name}' is also in {first.path}, and that one is used"
            found.append(Problem(path, 1, "duplicate-skill", message, "rename or remove one of them", "warning"))
    return tuple(sorted(skills.values(), key=lambda skill: skill.path)), tuple(found)


def in_folder(tree: Tree) -> tuple[str, ...]:
    """The paths of all skills: `skills/NAME/SKILL.md` (in any case of letters) and `skills/NAME.md`."""
    return tuple(path for path in tree.list("skills") if is_skill(path))


def is_skill(path: str) -> bool:
    """Whether a path in skills/ is that of a skill, and not of a README or of a file that comes with one."""
    parts = path.split("/")
    if parts[0] != "skills":
        return False
    if len(parts) == 2:
        return parts[1].endswith(".md") and parts[1].upper() != "README.MD"
    return len(parts) == 3 and parts[2].lower() == _FILE.lower()


def named(skills: Iterable[Skill], name: str) -> Skill | None:
    """The skill that a chunk means by `Skill: name`: by the name in its front matter, else by its folder."""
    skills = tuple(skills)
    by_name = next((skill for skill in skills if skill.name == name), None)
    return by_name or next((skill for skill in skills if home(skill.path) == name), None)


def home(path: str) -> str:
    """The name that a skill's place gives it: that of its folder, or of its flat file."""
    pure = PurePosixPath(path)
    return pure.parent.name if pure.name.lower() == _FILE.lower() else pure.stem


def _words(document: Document, key: str) -> str:
    value = document.header.get(key)
    return "" if value is None or isinstance(value, list | dict) else document.raw.get(key, str(value)).strip()


def _judge(document: Document, folder: str, complaints: Complaints) -> None:
    """Without a description nobody knows when to use it: an error. All else is a warning, and the skill loads."""
    if complaints.errors:
        return
    written: Mapping[str, Any] = {
        key: document.raw[key] if key in document.raw and not isinstance(value, bool) else value
        for key, value in document.header.items()
    }
    shape = schemas.load("skill-front-matter")
    for where, what in schemas.problems("skill-front-matter", written):
        top = where.partition(".")[0]
        fatal = (top == "description" or (not top and "'description'" in what)) and not _words(document, "description")
        about = shape["properties"].get(top or ("description" if fatal else "name"), shape)
        message = f"{where}: {plainly(what)}" if where else what
        severity = "error" if fatal else "warning"
        complaints.add(document.lines.get(top, 1), "skill", message, str(about["description"]), severity)
    name = _words(document, "name")
    if name and folder and name != folder:
        message = f"the skill is named '{name}', and its place '{folder}'"
        complaints.add(
            document.lines["name"], "name", message, f"write 'name: {folder}', or rename the folder", "warning"
        )
    pure = PurePosixPath(complaints.path)
    if pure.name.lower() == _FILE.lower() and pure.name != _FILE:
        complaints.add(1, "name", f"'{pure.name}' is not found by others", f"name the file {_FILE}", "warning")
