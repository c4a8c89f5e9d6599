"""What to package and how: input, configuration, interpreter options, output names."""
