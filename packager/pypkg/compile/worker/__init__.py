"""The program that reads modules on the target's Python version; see ``main`` for how it is run."""
