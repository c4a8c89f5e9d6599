"""A folder that is run."""

VALUE = "folder"
print("folder", __name__, repr(__package__))
