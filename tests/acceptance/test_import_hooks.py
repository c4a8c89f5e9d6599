"""Import hooks that change modules while they are imported: they get the source text where it is in the executable."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.environments import new_environment, write_distribution
from acceptance.program import Package
from targets import STATIC

pytestmark = pytest.mark.base

# Each hook turns the text "plain" of a module into its own name. The last one does what typeguard does: the loader that
# any finder gave is replaced by one that derives from it.
HOOKS = """\
import ast, sys
from importlib.machinery import FileFinder, PathFinder, SourceFileLoader

NAMES = ("dist", "mine")

class Renaming(ast.NodeTransformer):
    def __init__(self, word):
        self.word = word
    def visit_Constant(self, node):
        return ast.copy_location(ast.Constant(self.word), node) if node.value == "plain" else node

class ByCode(SourceFileLoader):
    def source_to_code(self, data, path, *, _optimize=-1):
        return compile(Renaming("by code").visit(ast.parse(data)), path, "exec", dont_inherit=True)

class ByText(SourceFileLoader):
    def get_data(self, path):
        return super().get_data(path).replace(b"plain", b"by text")
    def path_stats(self, path):
        raise OSError

class MetaFinder:
    def find_spec(self, name, path=None, target=None):
        spec = PathFinder.find_spec(name, path, target) if name in NAMES else None
        if spec is not None:
            spec.loader = ByCode(name, spec.origin)
        return spec

class Wrapping:
    def __init__(self, others):
        self.others = others
    def find_spec(self, name, path=None, target=None):
        for other in self.others if name in NAMES else ():
            spec = other.find_spec(name, path, target)
            if spec is not None:
                class Derived(type(spec.loader)):
                    source_to_code = ByCode.source_to_code
                spec.loader = Derived(name, spec.origin)
                return spec

kind = sys.argv[1]
if kind == "meta path":
    sys.meta_path.insert(0, MetaFinder())
elif kind == "wrapping":
    sys.meta_path.insert(0, Wrapping(sys.meta_path[:]))
else:
    loader = ByText if kind == "text" else ByCode
    sys.path_hooks.insert(0, FileFinder.path_hook((loader, [".py"])))
    sys.path_importer_cache.clear()
import dist, mine
print(dist.word(), mine.word(), sep=",")
"""
WORD = "def word():\n    return 'plain'\n"


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A script with hooks, a module of its project, and a distribution with a free licence."""
    folder = tmp_path_factory.mktemp("hooks")
    (folder / "app.py").write_text(HOOKS)
    (folder / "mine.py").write_text(WORD)
    site = new_environment(folder)
    write_distribution(site, "dist", {"dist.py": WORD}, metadata="License: BSD\n")
    return folder / "app.py"


@pytest.mark.parametrize(
    ("kind", "word"), [("meta path", "by code"), ("path", "by code"), ("text", "by text"), ("wrapping", "by code")]
)
def test_hooks_get_the_source(kind: str, word: str, script: Path, package: Package) -> None:
    options = ["--python", script.parent / ".venv"]
    public = package(script, STATIC, *options, "--public").run(kind)
    assert (public.stdout, public.stderr) == (f"{word},{word}\n", "")
    # What is withheld runs unchanged, and that is told once.
    private = package(script, STATIC, *options).run(kind)
    assert private.stdout == f"{word},plain\n"
    assert private.stderr.count("changes the source of modules as they are imported, but that of 'mine'") == 1
    assert private.stderr.count("RuntimeWarning") == 1
