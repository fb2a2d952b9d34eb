"""What loopwright keeps in git and under its common dir: the hub, numbers, claims, each run's facts and records."""
