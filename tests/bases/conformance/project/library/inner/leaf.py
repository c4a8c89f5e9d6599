"""The lowest module."""

VALUE = "leaf"
