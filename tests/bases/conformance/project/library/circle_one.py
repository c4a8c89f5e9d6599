"""Half of a circle."""

import library.circle_two

VALUE = library.circle_two.VALUE + 1
