"""The stopped line: an incident opens, is analysed, and is resolved by a person; what stands still meanwhile."""
