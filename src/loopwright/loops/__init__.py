"""The work itself: execution and promotion."""
