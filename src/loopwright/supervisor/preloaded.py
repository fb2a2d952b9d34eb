"""Imported by the process that runs are forked from, and by nothing else: to import is all that it can be asked to do.

What stands here is done once instead of in each run.
"""

import contextlib
import gc

from loopwright.models.rehearsal import rehearse

with contextlib.suppress(Exception):  # what is wrong with the SDK or its surroundings each run finds and tells itself
    rehearse()
gc.collect()
gc.freeze()  # what is here by now stays: no run looks through it for garbage, nor copies its pages to do so
