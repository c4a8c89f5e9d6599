"""The metadata of a distribution as it goes into an executable: without traces of the machine it was installed on."""

from __future__ import annotations

from collections.abc import Iterator

from pypkg.environment.distributions import Distribution, folder_files
from pypkg.items import File

__all__ = ["metadata_files"]

# Which installer wrote it, from where and why; and lists of the files it wrote.
_DROPPED = frozenset({"INSTALLER", "REQUESTED", "direct_url.json", "installed-files.txt", "RECORD.jws", "RECORD.p7s"})


def metadata_files(distribution: Distribution, prefix: str) -> Iterator[File]:
    """Yield the files of its metadata directory.

    Args:
        distribution: an installed distribution.
        prefix: the path of ``site-packages`` below ``/snapshot``.
    """
    if not distribution.info:
        return
    for relative in sorted(folder_files(distribution.info_root, [distribution.info])):
        name = relative.rpartition("/")[2]
        if name in _DROPPED or name.endswith(".pyc"):
            continue
        source = distribution.info_root / relative
        if name == "RECORD":
            data = _clean_record(distribution.text("RECORD"))
            yield File(path=f"{prefix}/{relative}", data=data, owner=distribution.name)
        else:
            yield File(path=f"{prefix}/{relative}", source=source, owner=distribution.name)


def _clean_record(text: str) -> bytes:
    """Keep the lines that a wheel's RECORD has: no scripts, caches or paths outside the directory; sorted."""
    kept = []
    for line in text.splitlines():
        path = line.strip('"').partition(",")[0]
        outside = path.startswith(("..", "/")) or ":" in path
        if line and not outside and "__pycache__/" not in path and path.rpartition("/")[2] not in _DROPPED:
            kept.append(line)
    return "".join(f"{line}\n" for line in sorted(kept)).encode()
