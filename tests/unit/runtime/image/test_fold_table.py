"""The table of upper-case letters is what the script makes, and what this Python's Unicode says."""

from __future__ import annotations

import re
import unicodedata

from pypkg_core._core import fold

from .make_fold_table import TABLE, UNICODE, fold_pairs, fold_table


def _from_table() -> dict[int, int]:
    pairs = {}
    text = TABLE.read_text()
    for first, last, step, distance in re.findall(r"\{0x(\w+), 0x(\w+), (\d+), (-?\d+)\}", text):
        for code in range(int(first, 16), int(last, 16) + 1, int(step)):
            pairs[code] = code + int(distance)
    return pairs


def test_the_table_is_up_to_date() -> None:
    table, ours = _from_table(), fold_pairs()
    if unicodedata.unidata_version == UNICODE:
        assert TABLE.read_text() == fold_table(ours)
    # A later Unicode adds letters and changes none.
    assert {code: ours.get(code) for code in table} == table
    assert len(table) > 1000


def test_every_character_folds_as_the_table_says() -> None:
    table = _from_table() | {code: code - 32 for code in range(ord("a"), ord("z") + 1)}
    wrong = {}
    for code in (*range(1, 0xD800), *range(0xE000, 0x11000)):
        expected = chr(table.get(code, code)).encode()
        if fold(chr(code).encode()) != expected:
            wrong[code] = fold(chr(code).encode())
    assert wrong == {}
