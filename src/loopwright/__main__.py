"""`python -m loopwright` is the command `loopwright`."""

from loopwright.cli import run_main

if __name__ == "__main__":
    run_main()
