"""Tests of patches/runtime/process: starting programs."""
