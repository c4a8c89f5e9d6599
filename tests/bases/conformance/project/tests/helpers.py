"""What the tests share."""

TWO = 2
