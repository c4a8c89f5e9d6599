"""The other half."""

import library.circle_one  # noqa: F401

VALUE = 1
