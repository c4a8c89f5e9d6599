"""What the scanner sees in a source."""

from __future__ import annotations

import ast
import json
import marshal
import textwrap
import types
from types import SimpleNamespace
from typing import Any

import pytest

from pypkg.compile.worker import scan as worker
from pypkg.compile.worker.conditions import System
from pypkg.compile.worker.protocol import CONDITIONAL, FALLBACK, GUARDED, LAZY, TYPING_ONLY
from pypkg.compile.worker.scan import Scan, process

LINUX = System("linux", "posix")
WINDOWS = System("win32", "nt")


def scan(text: str, system: System = LINUX) -> dict[str, Any]:
    found, code = process(textwrap.dedent(text).encode(), "/snapshot/app/app.py", 2, system, 0)
    assert code or "error" in found
    json.dumps(found)
    return found


def flags(text: str, system: System = LINUX) -> dict[str, int]:
    return {item[0]: item[2] for item in scan(text, system).get("imports", [])}


def test_imports_carry_the_conditions_they_run_under() -> None:
    found = flags(
        """
        import a
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            import b
        try:
            import c
        except ImportError:
            import d
        def f():
            import e
            try:
                import g
            except (OSError, ModuleNotFoundError):
                g = None
        if a.x:
            import h
        """
    )
    assert found["a"] == 0
    assert found["b"] == TYPING_ONLY
    assert found["c"] == GUARDED
    assert found["d"] == FALLBACK
    assert found["e"] == LAZY
    assert found["g"] == LAZY | GUARDED
    assert found["h"] == CONDITIONAL


@pytest.mark.parametrize(
    "handler",
    [
        "except ImportError as e:\n    raise RuntimeError from e",
        "except ImportError:\n    sys.exit(1)",
        "except OSError:\n    pass",
    ],
)
def test_a_handler_that_gives_up_guards_nothing(handler: str) -> None:
    assert flags(f"import sys\ntry:\n    import a\n{handler}\n")["a"] == 0


def test_suppress_and_find_spec_guard() -> None:
    found = flags(
        "with contextlib.suppress(ImportError):\n    import a\nif importlib.util.find_spec('b'):\n    import b\n"
    )
    assert found["a"] == GUARDED
    assert found["b"] == GUARDED | CONDITIONAL


def test_what_follows_a_probe_of_a_name_is_guarded() -> None:
    found = flags("try:\n    shell()\n    import a\nexcept (NameError, OSError):\n    pass\nelse:\n    import b\n")
    assert found == {"a": 0, "b": GUARDED}


def lazily(text: str, version: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """The flags of the imports of a text of Python 3.15, which this Python does not parse."""
    monkeypatch.setattr(worker, "sys", SimpleNamespace(version_info=(*version, 0)))
    lines = textwrap.dedent(text).splitlines()
    lazy = {number for number, line in enumerate(lines, start=1) if line.lstrip().startswith("lazy ")}
    plain = "\n".join(line.replace("lazy ", "", 1) for line in lines)
    tree = ast.parse(plain)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            node.is_lazy = int(node.lineno in lazy)  # type: ignore[union-attr]
    code = compile(plain, "app.py", "exec")
    found = Scan(plain.encode(), "app.py", code, mode=1, system=LINUX)
    found.statements(tree.body, 0)
    return {item[0]: item[2] for item in found.result()["imports"]}


def test_a_lazy_import_is_deferred_and_not_guarded_where_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    found = lazily(
        """
        lazy import a
        lazy from b import c
        lazy from .d import e
        with contextlib.suppress(ImportError):
            lazy import f
            import g
            importlib.import_module("h")
        if importlib.util.find_spec("i"):
            lazy import i
        if TYPE_CHECKING:
            lazy import j
        __lazy_import__("k")
        """,
        (3, 15),
        monkeypatch,
    )
    assert found == {
        "a": LAZY,
        "b": LAZY,
        "d": LAZY,
        "f": LAZY,
        "g": GUARDED,
        "h": GUARDED,
        "i": LAZY | GUARDED | CONDITIONAL,
        "j": LAZY | TYPING_ONLY,
        "k": LAZY,
    }


@pytest.mark.parametrize(
    "value", ['["a", "b.c", "d", "e", "f", "g", "h.a"]', '{"a", "b.c", "d", "e", "f", "g", "h.a"}']
)
@pytest.mark.parametrize("target", ["__lazy_modules__", "__lazy_modules__: object"])
def test_lazy_modules_are_lazy_where_python_makes_them_so(
    target: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"""
        import g
        {target} = {value}
        import a, b
        with contextlib.suppress(ImportError):
            from b.c import d
        try:
            import d
        except ImportError:
            d = None
        class C:
            __lazy_modules__ = []
            import e
        import h.a, h
        def function():
            __lazy_modules__ = []
            with contextlib.suppress(ImportError):
                import f
        """
    eager = {"g": 0, "a": 0, "b": 0, "b.c": GUARDED, "d": GUARDED, "e": 0, "f": LAZY | GUARDED, "h.a": 0, "h": 0}
    assert lazily(text, (3, 14), monkeypatch) == eager
    assert lazily(text, (3, 15), monkeypatch) == eager | {"a": LAZY, "b.c": LAZY, "h.a": LAZY}


def test_branches_the_target_cannot_take_are_not_followed() -> None:
    text = """
        import sys, os
        if sys.platform == "win32":
            import a
        else:
            import b
        if os.name == "nt" and x:
            import c
        if sys.version_info >= (3, 8):
            import d
        else:
            import e
        if sys.version_info[:2] < (3, 0) or sys.platform.startswith("win"):
            import f
        if not sys.platform in ("linux", "darwin"):
            import g
        """
    assert set(flags(text)) == {"sys", "os", "b", "d"}
    assert set(flags(text, WINDOWS)) == {"sys", "os", "a", "c", "d", "f", "g"}


def test_relative_and_literal_dynamic_imports() -> None:
    found = scan(
        """
        from . import a
        from ..b import c
        import_module("d.e")
        importlib.import_module(".f", "pkg.sub")
        importlib.import_module(name)
        __import__("g")
        subprocess.run([sys.executable, "-m", "h"])
        """
    )
    assert [item[:2] + item[4:] for item in found["imports"]] == [
        ["", 1, ["a"]],
        ["b", 2, ["c"]],
        ["d.e", 0, []],
        ["pkg.sub.f", 0, []],
        ["g", 0, []],
        ["h", 0, ["__main__"]],
    ]
    assert found["dynamic"] == [[6, "importlib.import_module(name)"]]


@pytest.mark.parametrize(
    ("expression", "asset"),
    [
        ('os.path.join(os.path.dirname(__file__), "a", "b")', [1, ["a", "b"]]),
        ('Path(__file__).parent / "a" / "b.txt"', [1, ["a", "b.txt"]]),
        ('Path(__file__).resolve().parents[1] / "a"', [2, ["a"]]),
        ('Path(__file__).with_name("a")', [1, ["a"]]),
        ('(HERE / "a").read_text()', [1, ["a"]]),
        ('HERE.joinpath("a/b")', [1, ["a", "b"]]),
        ('os.path.dirname(__file__) + "/a"', [1, ["a"]]),
        ('open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "a"))', [2, ["a"]]),
        ('HERE / "a" / name', [1, ["a"]]),
    ],
)
def test_assets_beside_the_file(expression: str, asset: list[Any]) -> None:
    found = scan(f"HERE = pathlib.Path(__file__).parent\nx = {expression}\n")
    assert [item[:2] for item in found["assets"]] == [asset]


def test_resources_of_packages() -> None:
    found = scan(
        """
        pkgutil.get_data("a", "b/c")
        importlib.resources.files(__package__) / "d"
        files("e").joinpath("f", "g")
        jinja2.PackageLoader("h")
        app = Flask(__name__, template_folder="pages")
        """
    )
    assert [item[:2] for item in found["resources"]] == [
        ["a", ["b", "c"]],
        ["__package__", ["d"]],
        ["e", ["f", "g"]],
        ["h", ["templates"]],
    ]
    assert [item[1] for item in found["assets"]] == [["templates"], ["static"], ["pages"]]


def test_entry_points_and_metadata() -> None:
    found = scan(
        """
        entry_points(group="a")
        pkg_resources.iter_entry_points("b")
        manager.load_setuptools_entrypoints("c")
        entry_points().select(group="d")
        importlib.metadata.version("e")
        """
    )
    assert found["groups"] == ["a", "b", "c", "d"]
    assert found["metadata"] == ["e"]
    assert "computed_groups" not in found


def test_texts_beside_a_computed_group_may_be_its_name() -> None:
    found = scan(
        """
        from importlib import metadata
        class Loader:
            group = "shop.payment"
            def load(self, other="shop.delivery"):
                '''Load all plugins.'''
                return metadata.entry_points(group=self.group), metadata.entry_points(group=other)
        """
    )
    assert {"shop.payment", "shop.delivery"} <= set(found["possible_groups"])
    assert not any(" " in text for text in found["possible_groups"])
    assert found["computed_groups"] == [
        [7, "metadata.entry_points(group=self.group)"],
        [7, "metadata.entry_points(group=other)"],
    ]


@pytest.mark.parametrize(
    "text",
    ["eps = entry_points().get('shop.x')", "eps = entry_points()\nx = eps['shop.x']", "d.entry_points"],
)
def test_groups_that_are_taken_out_of_all(text: str) -> None:
    possible = scan(f"from importlib.metadata import *\n{text} if 'shop.x' else 0\n")["possible_groups"]
    assert "shop.x" in possible


def test_what_only_has_the_name_of_a_lookup_asks_for_no_group() -> None:
    found = scan("import parser\nGROUP = 'a.b'\nparser.entry_points(group=GROUP)\nparser.select(group=GROUP)\n")
    assert not {"groups", "computed_groups", "possible_groups"} & found.keys()


def test_errors_name_message_and_line() -> None:
    assert scan("x = 1\nif:\n") == {"error": ["invalid syntax", 2]}
    assert "null" in process(b"a\0b", "x", 1, LINUX, 0)[0]["error"][0]


def test_code_says_where_it_is_and_follows_the_declared_encoding() -> None:
    source = "# -*- coding: latin-1 -*-\nname = 'é'\n".encode("latin-1")
    code = marshal.loads(process(source, "/snapshot/app/app.py", 1, LINUX, 0)[1])  # noqa: S302  # made just now
    assert isinstance(code, types.CodeType)
    assert code.co_filename == "/snapshot/app/app.py"
    assert "é" in code.co_consts
