"""The fire drill: bad makers of `testing.adversaries` at work in throwaway clones of a repository, against a script.

`field` makes the throwaway repository, `trial` has one maker run in a copy of it, `aftermath` looks at what it left,
and `course` holds them all. The runs are real ones (`supervisor.children`); the repository itself is only read.
"""
