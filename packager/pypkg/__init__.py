"""The packager: a Python project and a base become one executable."""
