"""Tests of the runtime: the C core that is linked into every base."""
