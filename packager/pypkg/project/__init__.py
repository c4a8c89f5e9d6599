"""What is packaged and how: input, configuration, interpreter options, output names."""
