"""The worker's JSON as typed values."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pypkg.compile.findings import (
    NO_FINDINGS,
    AssetRef,
    Computed,
    ComputedFile,
    Findings,
    Import,
    ImportFlag,
    ResourceRef,
    SourceError,
    parse_findings,
)
from pypkg.compile.worker.conditions import System
from pypkg.compile.worker.protocol import ASSETS
from pypkg.compile.worker.scan import process


def parsed(text: str) -> Findings:
    found, _ = process(text.encode(), "/snapshot/app/app.py", ASSETS, System("linux", "posix"), 0)
    return parse_findings(json.dumps(found))


def test_everything_a_worker_finds() -> None:
    text = (
        "from . import a\n"
        "def f():\n    import b\n"
        "importlib.import_module(name)\n"
        'x = open(os.path.join(os.path.dirname(__file__), "data", "x"))\n'
        'pkgutil.get_data(__name__, "y")\n'
        'entry_points(group="g")\n'
        'importlib.metadata.version("m")\n'
        'show("z.css")\n'
        "HERE = os.path.dirname(__file__)\n"
        "y = open(os.path.join(HERE, name))\n"
        "lazy.attach_stub(__name__, __file__)\n"
    )
    assert replace(parsed(text), local_names=()) == Findings(
        imports=(Import("", 1, ImportFlag(0), 1, ("a",)), Import("b", 0, ImportFlag.LAZY, 3, ())),
        dynamic=(Computed(4, "importlib.import_module(name)"),),
        assets=(AssetRef(1, ("data", "x"), 5),),
        mentions=(AssetRef(1, ("z.css",), 9),),
        resources=(ResourceRef("__name__", ("y",), 6),),
        computed=(ComputedFile(1, 11, "os.path.join(HERE, name)"),),
        groups=("g",),
        metadata=("m",),
        names=("z.css",),
        stub=True,
    )
    assert "data" in parsed(text).local_names
    assert parsed(text).resources[0].own_package


def test_a_source_that_does_not_compile() -> None:
    assert parsed("x = 1\nif:\n") == Findings(error=SourceError("invalid syntax", 2))


def test_nothing_found() -> None:
    assert parse_findings("") is NO_FINDINGS


@pytest.mark.parametrize(
    ("flags", "hard", "typing_only", "conditional", "lazy"),
    [
        (ImportFlag(0), True, False, False, False),
        (ImportFlag.GUARDED, False, False, False, False),
        (ImportFlag.FALLBACK | ImportFlag.LAZY, False, False, False, True),
        (ImportFlag.CONDITIONAL | ImportFlag.LAZY, True, False, True, True),
        (ImportFlag.TYPING_ONLY, True, True, False, False),
    ],
)
def test_flags(flags: ImportFlag, hard: bool, typing_only: bool, conditional: bool, lazy: bool) -> None:
    (item,) = parse_findings(json.dumps({"imports": [["a", 0, int(flags), 1, []]]})).imports
    assert (item.hard, item.typing_only, item.conditional, item.lazy) == (hard, typing_only, conditional, lazy)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"imports": 3}',
        '{"imports": [["a", 0, 0, 1]]}',
        '{"imports": [[1, 0, 0, 1, []]]}',
        '{"imports": [["a", 0, 32, 1, []]]}',
        '{"imports": [["a", 0, -1, 1, []]]}',
        '{"imports": [["a", 0, 0, true, []]]}',
        '{"imports": [["a", 0, 0, 1, [2]]]}',
        '{"imports": [["a", 0, 0, 1, "bc"]]}',
        '{"assets": [[-1, ["a"], 1]]}',
        '{"groups": "abc"}',
        '{"error": ["message"]}',
        '{"error": null}',
        '{"unknown": []}',
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not the findings of a module"):
        parse_findings(text)
