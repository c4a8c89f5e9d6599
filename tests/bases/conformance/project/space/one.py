"""In the project."""

VALUE = "one"
