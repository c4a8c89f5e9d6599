"""Tests of patches/runtime/engine: state and routing."""
