"""The forge: compiles patched CPython runtimes, the *base binaries*, for every target."""
