"""Tests in a folder that is no package."""

import unittest

from helpers import TWO


class SumsTest(unittest.TestCase):
    def test_sum(self):
        self.assertEqual(1 + 1, TWO)

    def test_wrong(self):
        self.assertEqual(1 + 1, 3)

    @unittest.skip("never")
    def test_skipped(self):
        pass
