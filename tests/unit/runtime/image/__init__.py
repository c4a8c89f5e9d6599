"""Tests of patches/runtime/image: reading images."""
