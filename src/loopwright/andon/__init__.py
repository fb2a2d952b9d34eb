"""Pure assessment of what failed: why (`classify`), and whether it is the same failure again (`signature`).

Takes text and gives values: no file, no process, no clock, no model. What is read comes from programs that an agent
chose, so it is bounded before it is looked at, and every pattern runs within one line of at most 500 characters.

How an output is read (`reading`): without escape sequences, each line once whatever numbers are in it (a progress bar
is one line), a long one by its end, its beginning and the first and last lines with each sign of trouble. Each line
has a kind: said, placed (an error at a place in the code), raised (a program's own exception), claim (what a test
expected), mild (a warning) or source. Each clue (`clues`) speaks for one cause with a weight; it is worth less in a
warning, a claim or a line of source; a line has one meaning, so that the strongest clue in it overrules the others;
repetition hardly counts. What a summary says ("3 failed", "build failed") is a consequence and weighs less than what
it came from. How the command ended, and its name, speak too (`circumstances`). The odds that come out are turned into
confidences that were measured (`confidence`).

What the labels mean where two would fit:

* missing-tool: a program that was to be started isn't there, whoever wanted to start it (also `spawn x ENOENT`).
* missing-dependency: a library, header, package or module; also a module of the project that another one asks for by
  a relative path (missing-path second). A name that a module of the project lacks (`cannot import name`) is a
  build-error. What a compiler says next (`cannot find symbol`) is a consequence.
* missing-path: a file, folder, ref, target or script; the program's own entry file too.
* permission: by the system, a file's mode or a database's. A refusal by a server over HTTP (401, 403) is network,
  permission second.
* network: no connection, no name, no trust in a certificate, and every error status that a server answers with (429 and
  529 too). A wait for it that ended is a timeout, network second.
* timeout: whoever set the limit; a test that ran out of time too (test-failure second).
* resource: memory, disk, handles, processes, the stack; in a test too (test-failure second).
* test-failure: an expectation that wasn't met. A test file that can't be read or imported is what kept it from that.
* build-error: code or configuration that isn't in order: compilers, linters, formatters, parsers.
* conflict: two states that don't fit: merges, locks, taken ports and names, versions that exclude each other.
* agent-conduct: a guard refused what an agent did, or the agent didn't come to an end.
* unknown: nothing in the output tells (silence, a difference, a program's own exception).
"""

from loopwright.andon.assessment import assess, decisive
from loopwright.andon.classification import classify
from loopwright.andon.signature import signature

__all__ = ["assess", "classify", "decisive", "signature"]
