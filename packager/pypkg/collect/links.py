"""Symbolic links of a project: the real file is stored once, the links beside it as links."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from pypkg_core.snapshot import snapshot_path

__all__ = ["Followed", "follow_links"]

# As the runtime: docs/image-format.md and the C core stop there.
_MAX_LINKS: Final = 40


class Followed(NamedTuple):
    """Where a path leads.

    Attributes:
        links: those on the way: place below the root -> target, as ``readlink`` is to answer it in the executable.
        place: what is there in the end, below the root; ``None`` when the links go round in circles.
    """

    links: dict[str, str]
    place: str | None


def follow_links(root: Path, relative: str, name: str, ordinary: Callable[[str], bool]) -> Followed:
    """Walk a path below a directory as a kernel does and note each link.

    A link that leads out of the directory is none here: what it leads to has no place of its own in the executable,
    so its contents are stored in the link's.

    Args:
        root: the directory, which is ``/snapshot/<name>`` in the executable.
        relative: the path below it, with ``/``.
        name: the project's.
        ordinary: says of a place below the root that a link there must stay a file or directory (modules lie there).
    """
    links: dict[str, str] = {}
    done: list[str] = []
    rest = relative.split("/")
    hops = 0
    while rest:
        part = rest.pop(0)
        if part == "..":
            done = done[:-1]
        if part in ("", ".", ".."):
            continue
        place = "/".join([*done, part])
        path = root / place
        link = path.is_symlink() and not ordinary(place)
        target = os.readlink(path) if link else ""  # noqa: PTH115 - Path drops a slash at the end
        inside = _inside(root, done, target) if target else None
        if inside is None:
            done.append(part)
            continue
        hops += 1
        if hops > _MAX_LINKS:
            return Followed(links, None)
        if target.startswith("/"):
            links[place], done, rest = snapshot_path(f"{name}/{inside}").rstrip("/"), [], [*inside.split("/"), *rest]
        else:
            links[place], rest = target, [*target.split("/"), *rest]
    return Followed(links, "/".join(done))


def _inside(root: Path, folder: list[str], target: str) -> str | None:
    """Return the place a link's target names, ``None`` when that lies outside or is reached from outside only."""
    if target.startswith("/"):
        path = os.path.normpath(target)
        return None if not Path(path).is_relative_to(root) else os.path.relpath(path, root).removeprefix(".")
    place = os.path.normpath("/".join([*folder, target]))
    return None if place == ".." or place.startswith("../") else place.removeprefix("./")
