"""Reading and compiling modules on the target's Python version."""
