"""git hooks that hold the mainline while the whole line is stopped: small scripts beside the person's own hooks."""
