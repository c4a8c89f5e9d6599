"""The program that reads modules on the target's Python version; see ``serve`` for how it is run."""
