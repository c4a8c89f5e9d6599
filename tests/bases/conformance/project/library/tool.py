"""A module that is run."""

import sys

VALUE = "tool"
GIVEN = globals().get("GIVEN", 0)

print(
    __name__,
    GIVEN,
    __spec__.name if __spec__ else None,
    sys.modules[__name__].__name__ if __name__ in sys.modules else "",
)

if __name__ == "__main__":
    print("as main")
