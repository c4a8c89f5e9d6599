"""From a project and a target to an executable."""
