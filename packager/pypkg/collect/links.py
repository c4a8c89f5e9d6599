"""Symbolic links of a project: each real file is stored once, and links are stored as links."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from pypkg_core.snapshot import snapshot_path

__all__ = ["Followed", "follow_links"]

# The same limit as in the runtime, see docs/image-format.md.
_MAX_LINKS: Final = 40


class Followed(NamedTuple):
    """Where a path leads.

    Attributes:
        links: the links on the way: path below the root -> target, as ``readlink`` returns it in the executable.
        path: the final path below the root; ``None`` when the links form a loop.
        outside: the links on the way that lead out of the root: paths below it.
    """

    links: dict[str, str]
    path: str | None
    outside: tuple[str, ...] = ()


def follow_links(root: Path, relative: str, name: str, ordinary: Callable[[str], bool]) -> Followed:
    """Resolve a path below a directory as a kernel does and record each link.

    A link that leads out of the directory is treated as what it leads to, because that has no path of its own in the
    executable.

    Args:
        root: the directory, which is ``/snapshot/<name>`` in the executable.
        relative: the path below it, with ``/``.
        name: the path of the directory below ``/snapshot``, such as the project's name.
        ordinary: whether a link at this path below the root is stored as a file or directory (modules are there).
    """
    links: dict[str, str] = {}
    outside: list[str] = []
    done: list[str] = []
    rest = relative.split("/")
    hops = 0
    while rest:
        part = rest.pop(0)
        if part == "..":
            done = done[:-1]
        if part in ("", ".", ".."):
            continue
        current = "/".join([*done, part])
        path = root / current
        link = path.is_symlink() and not ordinary(current)
        target = os.readlink(path) if link else ""  # noqa: PTH115 - Path drops a slash at the end
        inside = _inside(root, done, target) if target else None
        if inside is None:
            outside += [current] if target else []
            done.append(part)
            continue
        hops += 1
        if hops > _MAX_LINKS:
            return Followed(links, None, tuple(outside))
        if target.startswith("/"):
            links[current], done, rest = snapshot_path(f"{name}/{inside}").rstrip("/"), [], [*inside.split("/"), *rest]
        else:
            links[current], rest = target, [*target.split("/"), *rest]
    return Followed(links, "/".join(done), tuple(outside))


def _inside(root: Path, folder: list[str], target: str) -> str | None:
    """Return the path below the root that a link's target names, ``None`` when it leaves the root on the way."""
    if target.startswith("/"):
        path = os.path.normpath(target)
        return None if not Path(path).is_relative_to(root) else os.path.relpath(path, root).removeprefix(".")
    relative = os.path.normpath("/".join([*folder, target]))
    return None if relative == ".." or relative.startswith("../") else relative.removeprefix("./")
