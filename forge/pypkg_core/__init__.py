"""The part that the packager and the forge share; it works on every operating system."""
