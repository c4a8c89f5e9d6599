"""Tests of patches/runtime/os: what is of one system."""
