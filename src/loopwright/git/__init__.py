"""The one place that speaks git: plumbing over the `git` program, and GitPython for reading history."""

from loopwright.git.comparing import compared
from loopwright.git.plumbing import Git, Merged, TreeEntry, is_id
from loopwright.git.private import PrivateGit, Snapshot
from loopwright.git.version import git_version

__all__ = ["Git", "Merged", "PrivateGit", "Snapshot", "TreeEntry", "compared", "git_version", "is_id"]
