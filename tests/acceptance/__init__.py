"""The promises of pypkg, tested on packaged executables as a user runs them. One file for each promise."""
