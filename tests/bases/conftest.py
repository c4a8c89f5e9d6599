"""Executables assembled without the packager: a base, and an image with the programs of this directory."""

from __future__ import annotations

import json
import os
import subprocess
from base64 import b64decode
from collections.abc import Sequence
from pathlib import Path

import pytest

from emulation import command
from fixture_types import Assemble, BaseOf
from pypkg_core.binaries import attach_image, read_image
from pypkg_core.image import ImageBuilder, ImageFlag, ModuleKind, merge_image
from targets import PARAMETERS

# These tests are data: a packaged program looks for them.
collect_ignore = ["conformance/project"]

PROJECT = Path(__file__).parent / "project"
COMPILE = """
import base64, json, marshal, sys
codes = {}
for name in json.load(sys.stdin):
    with open(sys.argv[1] + "/" + name, "rb") as stream:
        code = compile(stream.read(), f"/snapshot/project/{name}", "exec", dont_inherit=True)
    codes[name] = base64.b64encode(marshal.dumps(code)).decode()
json.dump(codes, sys.stdout)
"""


@pytest.fixture(scope="session", params=PARAMETERS)
def base(request: pytest.FixtureRequest, base_of: BaseOf) -> Path:
    """A base of this host."""
    return base_of(request.param)


def _add_modules(builder: ImageBuilder, base: Path, main: str, folder: Path) -> None:
    sources = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.py"))
    done = subprocess.run(
        command(base, "-I", "-c", COMPILE, folder),
        input=json.dumps(sources),
        capture_output=True,
        text=True,
        check=True,
    )
    for name, text in json.loads(done.stdout).items():
        path = f"project/{name}"
        module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        kind = ModuleKind.PACKAGE if name.endswith("__init__.py") else ModuleKind.MODULE
        if name == "library/__init__.py":
            builder.add_file(path, folder / name)
        else:
            builder.add_withheld(path)
        builder.add_module(module, kind, path, b64decode(text))
        if module == "space.part":
            builder.add_module("space", ModuleKind.NAMESPACE, "project/space", None)
        if module == main:
            builder.add_module("__main__", kind, path, b64decode(text))


@pytest.fixture(scope="session")
def assemble(tmp_path_factory: pytest.TempPathFactory) -> Assemble:
    """Make an executable whose ``__main__`` is one of the programs, with interpreter options built in.

    The files of the directory ``more`` are added to those of ``project``; ``tools`` are programs of this machine,
    which are added to ``tools``. ``interpreter``: as in the configuration.
    """

    def make(
        base: Path,
        main: str,
        *options: str,
        more: Path | None = None,
        tools: Sequence[Path] = (),
        interpreter: bool = True,
    ) -> Path:
        image = read_image(base)
        builder = ImageBuilder(mtime=315532800, flags=ImageFlag(0) if interpreter else ImageFlag.NO_REENTRY)
        _add_modules(builder, base, main, PROJECT)
        if more is not None:
            _add_modules(builder, base, main, more)
            for file in sorted(
                path for path in more.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")
            ):
                name = f"project/{file.relative_to(more).as_posix()}"
                builder.add_file(name, file, executable=os.access(file, os.X_OK))
        for file in tools:
            builder.add_file(f"project/tools/{file.name}", file, executable=True)
        for name in ("data/a.txt", "data/sub/b.txt"):
            builder.add_file(f"project/{name}", PROJECT / name)
        builder.add_symlink("project/data/link", "sub/b.txt")
        # As the packager does: the code of what is no module, such as sysconfig's data, is in its source text.
        sources = {module.entry.path for module in image.modules if module.kind.has_code}
        merge_image(builder, image, withhold=lambda entry: entry.path in sources)
        builder.set_search_path(["/snapshot/project", *image.search_path])
        builder.add_entry_point("project", options=options)
        builder.set_manifest({**image.manifest, "kind": "application", "name": "project"})
        out = tmp_path_factory.mktemp("assembled") / main
        attach_image(base, builder.build(), out)
        return out

    return make
