"""CPython's own test suite, with a base as the interpreter."""
