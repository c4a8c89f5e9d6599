"""The folder ``sys._MEIPASS``: links to the project's files and those of every distribution, side by side.

PyInstaller lays them out so, and sets ``sys.frozen`` and ``sys._MEIPASS`` (pyinstaller.org, "Run-time Information");
programs and libraries that know it look for their data there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

__all__ = ["FOLDER", "meipass_links"]

# Below /snapshot; the runtime sets `sys._MEIPASS` to it: patches/runtime/python/lib/_pypkg_runtime.py.
FOLDER: Final = "_MEIPASS"


def meipass_links(paths: Collection[str], roots: Iterable[str]) -> dict[str, str]:
    """Return the links of the folder: path below ``/snapshot`` -> target, relative to the directory of the link.

    What has the same name below several roots is merged, if it is a directory everywhere; otherwise the first counts.

    Args:
        paths: everything that is packaged, below ``/snapshot``.
        roots: directories whose contents stand side by side, below ``/snapshot``.
    """
    links: dict[str, str] = {}
    inside = {root: [path for path in paths if path.startswith(f"{root}/")] for root in roots}
    _merge(links, FOLDER, inside)
    return links


def _merge(links: dict[str, str], folder: str, inside: dict[str, list[str]]) -> None:
    """Add the links of one folder.

    Args:
        links: gets them.
        folder: where they are, below ``/snapshot``.
        inside: directory that is merged -> the paths below it.
    """
    names: dict[str, dict[str, list[str]]] = {}
    for root, paths in inside.items():
        for path in paths:
            name = path[len(root) + 1 :].partition("/")[0]
            names.setdefault(name, {}).setdefault(f"{root}/{name}", []).append(path)
    for name, places in sorted(names.items()):
        merged = {place: paths for place, paths in places.items() if place not in paths}
        if len(places) > 1 and len(merged) == len(places):
            _merge(links, f"{folder}/{name}", merged)
        else:
            up = "../" * (folder.count("/") + 1)
            links[f"{folder}/{name}"] = f"{up}{next(iter(places))}"
