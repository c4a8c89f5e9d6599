"""Tests of patches/runtime/native: addons and programs."""
