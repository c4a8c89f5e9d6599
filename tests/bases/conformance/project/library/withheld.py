"""A module whose source text is withheld."""

import sys
import warnings

VALUE = "withheld"


# One comment above the function.
def add(one, two):
    """The sum.

    >>> add(1, 2)
    3
    """
    return one + two


def fail(number):
    """Ends with an error, two calls deep."""

    def divide():
        return 1 / number

    return divide()


def where():
    """The line this is on, and the name."""
    frame = sys._getframe()
    return [frame.f_lineno, frame.f_code.co_name, frame.f_code.co_qualname]


def warn():
    """Warns about its own line."""
    warnings.warn("careful", stacklevel=1)


class Kind:
    """A class to be pickled and looked at.

    >>> Kind("a").method()
    'a'
    """

    def __init__(self, name):
        self.name = name

    def method(self):
        """The name."""
        return self.name


if __name__ == "__main__":
    print("started", __file__)
