"""A base that is forged a second time, in other circumstances: are its bytes the same?"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from elftools.elf.elffile import ELFFile

from matrix.cell import Again
from pypkg_core.bases.record import Base, read_manifest
from pypkg_core.cache import CACHE_TAG, sources_dir
from pypkg_core.errors import PypkgError

__all__ = ["differing_sections", "forge_again"]

REPOSITORY: Final = Path(__file__).parents[2]
# What a step of the forge could take over by mistake; the locale need not be installed for that.
_ENVIRONMENT: Final = {"TZ": "Asia/Kathmandu", "LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8", "CFLAGS": "-O0"}
_UMASK: Final = 0o077
_USER: Final = "nobody"
# With a /proc of its own: zig looks for itself there, and the system's may be closed to other users.
_AS_USER: Final = (
    *("unshare", "--pid", "--fork", "--kill-child", "--mount-proc"),
    *("setpriv", f"--reuid={_USER}", "--regid=nogroup", "--clear-groups"),
)
_MOST_LINES: Final = 15


def forge_again(base: Base) -> Again:
    """Forge a base once more, from a copy of this repository that is installed elsewhere, and compare the bytes.

    The second forge has an empty cache but for the source archives; so the compiler's cache, the host Python and every
    library are made anew.
    """
    with tempfile.TemporaryDirectory(prefix="elsewhere-") as name:
        place = Path(name)
        place.chmod(0o755)
        try:
            python, user = _interpreter()
            program = _install(python, place)
            circumstances = _forge(program, base, place, user)
            second = place / "cache" / CACHE_TAG / base.path.name
            differing = differing_sections(base.path, second)
        except (PypkgError, OSError) as error:
            return Again(problem=str(error))
    return Again(same=not differing, differing=differing, circumstances=circumstances)


def _interpreter() -> tuple[Path, str | None]:
    """Return an interpreter that another user may run, and that user; this one, and nobody else, if there is none."""
    if os.geteuid() == 0:
        for python in (Path(sys.executable).resolve(), Path("/usr/bin/python3")):
            try:
                _run([*_AS_USER, python, "-c", "import ensurepip, venv"])
            except (PypkgError, OSError):  # below a directory of root's, for one
                continue
            return python, _USER
    return Path(sys.executable), None


def _install(python: Path, place: Path) -> Path:
    """Install a copy of this repository; return its forge."""
    listed = _run(["git", "-C", REPOSITORY, "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
    copy = place / "copy of the checkout"
    for name in filter(None, listed.split("\0")):
        source, path = REPOSITORY / name, copy / name
        if source.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, path)
            path.chmod(source.stat().st_mode)
    _run([python, "-m", "venv", place / "environment"])
    _run([place / "environment" / "bin" / "python", "-m", "pip", "install", "--quiet", f"{copy}[forge]"])
    return place / "environment" / "bin" / "pypkg-forge"


def _forge(program: Path, base: Base, place: Path, user: str | None) -> tuple[str, ...]:
    """Forge the base into a cache of its own; return what is different from the first time."""
    cache = place / "cache"
    _copy_sources(base, cache)
    environment = {
        "PATH": f"/usr/sbin:/usr/bin:/sbin:/bin:{program.parent}",
        "HOME": str(place),
        "PYPKG_CACHE_PATH": str(cache),
        **_ENVIRONMENT,
    }
    circumstances = ["checkout", "cache folder", "environment", "time", "time zone", "locale", "umask"]
    if user is not None:
        circumstances.append("user")
        for path in (cache, *cache.rglob("*")):
            shutil.chown(path, user)
    _run([*(_AS_USER if user is not None else ()), program, "build", base.target.name], environment=environment)
    return tuple(circumstances)


def _copy_sources(base: Base, cache: Path) -> None:
    """Give a cache the archives that a base is made from, and the choice of these releases."""
    manifest = read_manifest(base.path)
    recorded = manifest.get("sources") if manifest is not None else None
    if not isinstance(recorded, dict):
        raise PypkgError(f"The manifest of {base.path} does not say what it was made from")
    (cache / "sources").mkdir(parents=True)
    for path in sources_dir().iterdir():
        if path.is_file() and path.suffix != ".lock":
            shutil.copyfile(path, cache / "sources" / path.name)
    series = base.target.series
    releases = {f"python-{series}" if name == "python" else name: item["version"] for name, item in recorded.items()}
    (cache / "resolved.json").write_text(json.dumps(releases), encoding="utf-8")


def _run(line: list[str | Path], *, environment: Mapping[str, str] | None = None) -> str:
    """Run a command and return what it printed.

    Raises:
        PypkgError: it failed; the message has its last lines.
    """
    done = subprocess.run(
        line,
        env=environment,
        umask=-1 if environment is None else _UMASK,
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last = "\n".join((done.stderr or done.stdout).splitlines()[-_MOST_LINES:])
        raise PypkgError(f"{Path(line[0]).name} failed:\n{last}")
    return done.stdout


def differing_sections(one: Path, other: Path) -> tuple[str, ...]:
    """Return the sections of two ELF files that differ; the rest of the file is called ``headers``.

    Args:
        one: an executable.
        other: another one; nothing is returned if it has the same bytes.
    """
    if one.read_bytes() == other.read_bytes():
        return ()
    ours, theirs = _sections(one), _sections(other)
    found = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
    return tuple(found) or ("headers",)


def _sections(path: Path) -> dict[str, bytes]:
    with path.open("rb") as stream:
        return {section.name: section.data() for section in ELFFile(stream).iter_sections() if section.name}
