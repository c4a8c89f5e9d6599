"""A package whose source text is kept: assets name it."""
