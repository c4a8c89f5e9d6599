"""One program, run from source and packaged, and its results compared call by call."""
