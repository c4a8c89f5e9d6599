"""Lock files: which version of a distribution is installed, and the hashes that its files may have."""
