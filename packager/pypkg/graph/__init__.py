"""From the entry to every module that is needed."""
