"""Tests of patches/runtime/paths: mounts."""
