"""Closing an incident is earned, and by a person: what its page says is held against commands before a line goes on."""
