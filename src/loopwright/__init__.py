"""Leave coding agents to work on a repository, and trust what lands."""

__version__ = "0.1.0"
