"""The table of targets and its parser."""
