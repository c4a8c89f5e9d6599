"""A package whose source is in the image."""

VALUE = 1
