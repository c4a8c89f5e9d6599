"""A subpackage."""

VALUE = "inner"
