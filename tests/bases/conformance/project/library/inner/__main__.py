"""Run as library.inner."""

VALUE = "inner main"
print("inner", __name__, __package__)
