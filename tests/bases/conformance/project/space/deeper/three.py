"""Below a folder of the namespace."""

VALUE = "three"
