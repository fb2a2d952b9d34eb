"""The words of a script, as `loopwright.backends.script` defines them: the backend `scripted` plays the same files."""

from loopwright.backends.script import Call, Fault, Say, Script, Session, Turn, read

__all__ = ["Call", "Fault", "Say", "Script", "Session", "Turn", "read"]
