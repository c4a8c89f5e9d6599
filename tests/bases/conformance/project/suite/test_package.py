"""Tests in a package."""

import unittest

from . import __doc__ as text


class PackageTest(unittest.TestCase):
    def test_text(self):
        self.assertIn("tests", text)
