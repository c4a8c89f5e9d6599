"""Normalised marshal data: equal code has the same bytes, whatever the process did before."""

# ruff: noqa: S302, S311 (marshal is what is tested; seeded randomness is wanted)

from __future__ import annotations

import marshal
import random
import subprocess
import sys
from pathlib import Path
from types import CodeType

import pytest

from pypkg_core._core import normalize_marshal

# Compiles the top-level modules of the standard library and prints a hash for each. "dirty" first imitates a long-lived
# process: imported modules, live code and constants, interned strings, filled caches.
WORKER = """
import hashlib, importlib.util, marshal, pathlib, sys, sysconfig
spec = importlib.util.spec_from_file_location("pypkg_core._core", sys.argv[1])
core = importlib.util.module_from_spec(spec)
spec.loader.exec_module(core)
files = sorted(pathlib.Path(sysconfig.get_path("stdlib")).glob("[a-z]*.py"))
kept = [sys.intern(chr(number)) for number in range(256)]
def keep(code):
    kept.extend((code, code.co_code, code.co_linetable, code.co_varnames, *code.co_consts, *code.co_names))
    for constant in code.co_consts:
        if hasattr(constant, "co_consts"):
            keep(constant)
def compiled(file):
    return compile(file.read_bytes(), "/snapshot/lib/" + file.name, "exec", dont_inherit=True)
if sys.argv[2] == "dirty":
    import asyncio, email.mime.text, json, unittest.mock
    for file in reversed(files):
        keep(compiled(file))
for file in files:
    code = compiled(file)
    if sys.argv[2] == "dirty":
        keep(code)
    data = core.normalize_marshal(marshal.dumps(code))
    assert marshal.loads(data) == code and core.normalize_marshal(data) == data, file
    print(file.name, hashlib.sha256(data).hexdigest())
"""


def test_the_history_of_the_process_does_not_show() -> None:
    core = sys.modules["pypkg_core._core"].__file__
    results = []
    for mode, seed in (("clean", "1"), ("dirty", "7")):
        command = [sys.executable, "-I", "-c", WORKER, str(core), mode]
        process = subprocess.run(command, env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=False)
        assert process.returncode == 0, process.stderr
        results.append(process.stdout.splitlines())
    assert results[0] == results[1]
    assert len(results[0]) > 100


def normal(source: str) -> bytes:
    return normalize_marshal(marshal.dumps(compile(source, "f", "exec")))


def test_references_only_where_something_refers() -> None:
    data = normalize_marshal(marshal.dumps((1, 2.5, "abc def")))
    assert data == b")\x03i\x01\x00\x00\x00g" + b"\x00\x00\x00\x00\x00\x00\x04@" + b"z\x07abc def"
    assert normalize_marshal(marshal.dumps((1.5, 1.5, 1.5))).count(b"r\x00\x00\x00\x00") == 2


def test_equal_strings_become_one_and_interned_wins() -> None:
    apart = b")\x02" + b"z\x03abc" + b"Z\x03abc"
    assert normalize_marshal(apart) == b")\x02" + b"\xdaabc".replace(b"\xda", b"\xda\x03") + b"r\x00\x00\x00\x00"


def test_single_characters_are_interned() -> None:
    assert normalize_marshal(b"z\x01/") == b"Z\x01/"
    assert normalize_marshal(b"z\x00") == b"Z\x00"
    assert normalize_marshal(b"u\x02\x00\x00\x00\xc3\xa9") == b"t\x02\x00\x00\x00\xc3\xa9"
    assert normalize_marshal(b"u\x03\x00\x00\x00\xe2\x82\xac") == b"u\x03\x00\x00\x00\xe2\x82\xac"


def test_frozensets_are_sorted_by_contents() -> None:
    members = [b"z\x02bb", b"z\x03aaa", b"i\x05\x00\x00\x00", b"N", b")\x01z\x02cc", b")\x02NN"]
    results = set()
    for seed in range(20):
        random.Random(seed).shuffle(members)
        results.add(normalize_marshal(b">\x06\x00\x00\x00" + b"".join(members)))
    assert len(results) == 1
    assert marshal.loads(results.pop()) == frozenset({"bb", "aaa", 5, None, ("cc",), (None, None)})


def test_all_constants_survive() -> None:
    source = (
        "x = (1, -1, 2**40, 2**200, -2**200, 1.5, -0.0, 0.0, 2j, 'a', 'é', '\\u20ac', '\\ud800', b'', b'b', None,\n"
        "     True, False, ..., (), ((1,), (True,)), 'long ' * 100)\n"
        "y = x[0] in {'p', 'q', 3, (4, 5)}\n"
        "def f(a, /, b=1, *c, d: 'str' = 'x y', **e):\n  'doc'\n  return lambda: (a, b, c, d, e)\n"
        "class C[T]:\n  pass\n"
        if sys.version_info >= (3, 12)
        else "x = (1, 2**70, 'é', b'b', ..., frozenset)\n"
    )
    code = compile(source, "f", "exec")
    assert marshal.loads(normal(source)) == code


def test_code_objects_stay_apart() -> None:
    code = compile("f = [lambda: 1, lambda: 1]", "f", "exec")
    loaded = marshal.loads(normal("f = [lambda: 1, lambda: 1]"))
    functions = [constant for constant in loaded.co_consts if isinstance(constant, CodeType)]
    assert loaded == code
    assert len({id(function) for function in functions}) == len(functions)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"z", b"z\x05abc", b"(\xff\xff\xff\xff", b")\x02N", b"r\x00\x00\x00\x00", b"NN", b"[\x00\x00\x00\x00",
        b"{0", b"?", b"\x00", b"c" + bytes(30), b"l\x00\x00\x00\x80", b"l\x03\x00\x00\x00\x01\x00",
        b"s\xff\xff\xff\xff",
        b"\xa9\x01r\x00\x00\x00\x00", b")\x01" * 1500 + b"N", b"<\x00\x00\x00\x00", b"f\x031.5",
    ],
)  # fmt: skip
def test_bad_data_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="bad marshal data"):
        normalize_marshal(data)


def test_what_is_no_bytes_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        normalize_marshal("text")  # type: ignore[arg-type]


def test_damaged_data_never_crashes() -> None:
    data = marshal.dumps(compile(Path(__file__).read_bytes(), "f", "exec"))
    generator = random.Random(3)
    for _ in range(3000):
        damaged = bytearray(data[: generator.randrange(len(data))] if generator.random() < 0.3 else data)
        for _ in range(min(len(damaged), 3)):
            damaged[generator.randrange(len(damaged))] = generator.randrange(256)
        try:
            normalize_marshal(bytes(damaged))
        except ValueError:
            continue
