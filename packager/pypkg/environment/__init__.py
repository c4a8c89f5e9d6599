"""The project's environment: interpreter, distributions, wheels, and what of them fits a target."""
