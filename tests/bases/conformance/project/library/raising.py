"""A module that fails while it is imported."""

raise ImportError("wanted to fail", name="reason", path="place")
