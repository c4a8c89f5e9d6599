"""Tests of patches/runtime/interpose: the calls of native addons."""
