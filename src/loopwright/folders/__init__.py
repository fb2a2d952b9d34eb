"""One room for each folder that people write: `plans`, `agents`, `skills`, `wiki`. Text to values, and back.

Readers find every problem of a file in one pass, each with its line and how to mend it. Writers work on bytes,
and change only the lines that are loopwright's own.
"""
