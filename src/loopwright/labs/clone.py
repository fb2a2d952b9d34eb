"""A lab that is a clone of its own, borrowing the hub's objects: config, hooks, stash and locks are not shared."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loopwright.contracts import LabWish, Site
from loopwright.labs import opening
from loopwright.labs.folder import FolderLab

_CONFIG = """[core]
\trepositoryformatversion = {version}
\tfilemode = true
\tbare = false
[user]
\tname = maker
\temail = maker@lab
[gc]
\tauto = 0
"""


@contextmanager
def open_lab(site: Site, wish: LabWish) -> Iterator[FolderLab]:
    """Open a clone at `wish.commit` on a branch of its own, without a remote: a stray push has nowhere to go."""
    with opening.opened(site, wish, "clone", make) as lab:
        yield lab


def make(site: Site, wish: LabWish, root: Path) -> Path:
    """Write the git dir by hand (measured: `git clone` spends most of its time on refs)."""
    git = root / ".git"
    for folder in ("objects/info", "objects/pack", "info", f"refs/heads/{Path(wish.branch).parent}"):
        (git / folder).mkdir(parents=True, exist_ok=True)
    sha256 = site.object_format != "sha1"
    text = _CONFIG.format(version=1 if sha256 else 0)
    (git / "config").write_text(text + (f"[extensions]\n\tobjectFormat = {site.object_format}\n" if sha256 else ""))
    (git / "HEAD").write_text(f"ref: refs/heads/{wish.branch}\n")
    (git / "objects/info/alternates").write_bytes(os.fsencode(site.common / "objects") + b"\n")
    (git / "refs/heads" / wish.branch).write_text(f"{wish.commit}\n")
    if (shallow := site.common / "shallow").exists():
        shutil.copy(shallow, git / "shallow")
    return git
