"""The front door: `loopwright COMMAND`. Each command's module is imported when that command is asked for."""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from loopwright import __version__
from loopwright.errors import BadUse, LoopwrightError

COMMANDS = {
    # name: (module, one line)
    "init": ("setting_up", "scaffold agents/, skills/, plans/ and wiki/ in this repository; overwrites nothing"),
    "doctor": ("setting_up", "what is ready and what is missing: git, model key, lab kinds, roles, checks"),
    "check": ("setting_up", "validate plans, roles, skills, wiki and LOOPS.md"),
    "new": ("setting_up", "a plan from the template"),
    "run": ("work", "execute one plan now, in the foreground"),
    "watch": ("work", "watch the folders and work off what is ready"),
    "resume": ("work", "go on with run N from where it stood"),
    "land": ("work", "land run N, which met its goal and waits"),
    "reject": ("work", "say no to run N, which waits"),
    "rollback": ("work", "take back what run N landed, by a revert through the gates"),
    "stop": ("work", "interrupt run N; `resume N` goes on with it"),
    "status": ("seeing", "the line: plans, runs at work, the queue"),
    "runs": ("seeing", "all runs, newest first"),
    "show": ("seeing", "one run with its evidence: timeline, diff stat, verdicts, costs"),
    "log": ("seeing", "the 90_LOG timeline"),
    "fsck": ("seeing", "re-check every landing in history: verified tree = landed tree, each run once"),
    "andon": ("incidents", "the stopped line: list, show, resolve, pull; and why commands failed: classify"),
    "drill": ("drill", "bad makers at work in throwaway clones of this repository, and what caught each of them"),
    "demo": ("demo", "the whole story on a bundled example; without --live a scripted model answers"),
}


DECIDING = frozenset({"init", "run", "watch", "resume", "land", "reject", "rollback", "stop"})
"""What decides about the repository, beside `andon resolve` and `andon pull`: never typed in a lab of it."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """As the parser's own, in the form of all our errors."""
        self.print_usage(sys.stderr)
        mend = f"`{self.prog} --help` tells more; words that begin with a dash go after ` -- `"
        raise BadUse(message, mend)


def parser_for(name: str) -> argparse.ArgumentParser:
    """The parser of one command, out of its own module."""
    module = importlib.import_module(f"loopwright.cli.{COMMANDS[name][0]}")
    parser = _Parser(prog=f"loopwright {name}", description=_sentence(COMMANDS[name][1]))
    getattr(module, f"{name}_options")(parser)
    return parser


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def top_parser() -> argparse.ArgumentParser:
    width = max(len(name) for name in COMMANDS)
    listing = "\n".join(f"  {name:<{width}}  {text}" for name, (_, text) in COMMANDS.items())
    parser = _Parser(
        prog="loopwright",
        description="Leave coding agents to work on a repository, and trust what lands.",
        epilog=f"commands:\n{listing}\n\nexit codes: 0 done, in review or held; 1 not met or rejected; 2 bad input;\n"
        "3 stopped; 4 a needed outside thing is missing; 130 interrupted",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="loopwright [-C DIR] COMMAND [ARG...]   (loopwright COMMAND --help tells more)",
    )
    here = os.environ.get("LOOPWRIGHT_REPO_PATH") or "."
    parser.add_argument("-C", metavar="DIR", dest="where", type=Path, default=here, help="work in DIR, as git has it")
    parser.add_argument("--version", action="version", version=f"loopwright {__version__}")
    parser.add_argument("command", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def _chosen(words: Sequence[str]) -> argparse.Namespace | None:
    """The command, its own words, and where; None when no command was given. Raises BadUse."""
    top = top_parser()
    chosen = top.parse_args(words)
    if chosen.command is None:
        top.print_help()
        return None
    if chosen.command not in COMMANDS:
        near = ", ".join(name for name in COMMANDS if name[:2] == chosen.command[:2]) or ", ".join(COMMANDS)
        raise BadUse(f"there is no command `{chosen.command}`", f"one of {near}")
    if words[: len(words) - len(chosen.rest)][-1] == "--":  # which is the command's, and which argparse takes away
        chosen.rest = ["--", *chosen.rest]
    return chosen


def _must_be_outside(chosen: argparse.Namespace) -> None:
    """Refuse to decide in a lab of the very repository that is asked for. Raises BadUse; the run gets to know of it."""
    from loopwright import shell
    from loopwright.labs import environment, inside

    if not shell.inherited(environment.MARK):
        return
    from loopwright.clocks import SystemClock
    from loopwright.journal.hub import find

    hub = find(chosen.where.absolute())
    if lab := inside.inside_a_lab(hub.labs):
        asked = " ".join(("loopwright", chosen.command, *chosen.rest))
        inside.reached(hub.common, lab, f"`{asked}` was typed in a lab", SystemClock().now())
        told = f"`{asked}` decides about {hub.top}, and this is a process of a lab of it ({Path(lab).name})"
        raise BadUse(told, "nothing that works in a lab decides: a person types this in a shell of their own")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code. Errors that a person can mend are printed without a traceback."""
    try:
        chosen = _chosen(sys.argv[1:] if arguments is None else arguments)
        if chosen is None:
            return 0
        options = parser_for(chosen.command).parse_args(chosen.rest)
        if chosen.command in DECIDING or getattr(options, "verb", "") in ("resolve", "pull"):
            _must_be_outside(chosen)
        module = importlib.import_module(f"loopwright.cli.{COMMANDS[chosen.command][0]}")
        code: int = getattr(module, chosen.command)(chosen.where.absolute(), options)
        sys.stdout.flush()
    except LoopwrightError as error:
        from loopwright.cli.printing import plain

        print(f"loopwright: {plain(str(error))}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("loopwright: interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print("loopwright: the disk is full\n  mend: make room; the same command goes on from here", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is buffered would fail again at exit
        return 4
    return code


def run_main() -> None:
    """The console script's entry."""
    if sys.stdout is None:  # started with `>&-`
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123
    sys.exit(main())
