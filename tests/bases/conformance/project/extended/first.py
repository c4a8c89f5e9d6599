"""In the project."""

VALUE = "first"
