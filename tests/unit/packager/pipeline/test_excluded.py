"""Modules of the standard library that the configuration excludes."""

from __future__ import annotations

import marshal
import sys

import pytest

from pypkg.diagnostics import Severity
from pypkg.pipeline.excluded import check_excludes, without_modules
from pypkg_core.errors import UsageError
from pypkg_core.image import Image, ImageBuilder, ModuleKind

LIBRARY = "lib/python3.13"
CODE = marshal.dumps(compile("", "x", "exec"))


def base_image() -> Image:
    builder = ImageBuilder(0)
    for name in ("cmd", "logging", "logging.config", "xml", "xml.dom", "xml.sax"):
        package = name in ("logging", "xml", "xml.dom", "xml.sax")
        path = f"{LIBRARY}/{name.replace('.', '/')}{'/__init__' if package else ''}.py"
        builder.add_file(path, b"")
        builder.add_module(name, ModuleKind.PACKAGE if package else ModuleKind.MODULE, path, CODE)
    builder.add_file(f"{LIBRARY}/logging/table.txt", b"")
    builder.add_file(f"{LIBRARY}/logging_notes.txt", b"")
    return Image(builder.build())


@pytest.mark.parametrize(
    ("names", "modules", "gone"),
    [
        ((), {"cmd", "logging", "logging.config", "xml", "xml.dom", "xml.sax"}, set()),
        (("cmd", "nowhere"), {"logging", "logging.config", "xml", "xml.dom", "xml.sax"}, {"cmd.py"}),
        (
            ("logging",),
            {"cmd", "xml", "xml.dom", "xml.sax"},
            {"logging", "logging/__init__.py", "logging/config.py", "logging/table.txt"},
        ),
        (
            ("logging.config", "xml.dom"),
            {"cmd", "logging", "xml", "xml.sax"},
            {"logging/config.py", "xml/dom", "xml/dom/__init__.py"},
        ),
    ],
)
def test_a_module_goes_with_its_files(names: tuple[str, ...], modules: set[str], gone: set[str]) -> None:
    image = base_image()
    found = without_modules(image, names)
    assert {module.name for module in found.modules} == modules
    left = {entry.path for entry in image.entries} - {entry.path for entry in found.entries}
    assert left == {f"{LIBRARY}/{path}" for path in gone}


def test_what_cannot_be_left_out() -> None:
    assert not check_excludes(["cmd", "xml.dom", "numpy"], sys.builtin_module_names)
    for name in ("os", "sys"):
        (warning,) = check_excludes([name], sys.builtin_module_names).of(Severity.WARNING)
        assert (
            str(warning)
            == f"excludes names {name}, which is a part of the interpreter and can be imported all the same"
        )
    for name in ("encodings", "encodings.utf_8", "_pypkg_runtime"):
        with pytest.raises(UsageError, match=f"excludes names {name}, without which no program starts"):
            check_excludes([name], ())
