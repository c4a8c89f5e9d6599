"""What pypkg promises, tested on packaged executables as a user runs them. One file per promise."""
