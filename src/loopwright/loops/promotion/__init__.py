"""The only room that may move a branch people work on: landing, record commits, rollback, and the check of them all."""
