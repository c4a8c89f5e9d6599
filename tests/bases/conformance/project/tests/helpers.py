"""Helpers of the tests."""

TWO = 2
