"""Tests of patches/runtime/posix: the redirected calls."""
