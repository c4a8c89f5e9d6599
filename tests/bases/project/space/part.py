"""A module in a namespace package."""

VALUE = 3
