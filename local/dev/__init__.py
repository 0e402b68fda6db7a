"""The commands of dev.py: run the local stack, test, bench, lock. Standard library alone, but for what says otherwise."""
