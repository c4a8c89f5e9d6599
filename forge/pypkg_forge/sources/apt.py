"""The Debian archives of this machine's apt configuration, read at run time.

Formats: sources.list(5), "ONE-LINE-STYLE FORMAT" and "DEB822-STYLE FORMAT".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["AptSource", "debian_archives", "parse_deb822", "parse_one_line", "read_sources"]

APT_FOLDER: Final = Path("/etc/apt")
_ONE_LINE: Final = re.compile(r"^\s*(deb|deb-src)\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)((?:\s+\S+)*)\s*$")

# The suites of Debian, by code name or role; archives of other distributions and vendors have others.
_DEBIAN_SUITES: Final = re.compile(
    r"^(?:old(?:old)?stable|stable|testing|unstable|sid|experimental|rc-buggy"
    r"|buster|bullseye|bookworm|trixie|forky|duke)(?:-updates|-backports|-proposed-updates)?$"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class AptSource:
    """An archive in apt's configuration; ``uri`` has no trailing slash."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]


def parse_one_line(text: str) -> Iterator[AptSource]:
    """Parse a ``.list`` file; comments and lines that are not sources are skipped."""
    for line in text.splitlines():
        match = _ONE_LINE.match(line.split("#", 1)[0])
        if match:
            _, uri, suite, components = match.groups()
            yield AptSource(uri=uri.rstrip("/"), suites=(suite,), components=tuple(components.split()))


def parse_deb822(text: str) -> Iterator[AptSource]:
    """Parse a ``.sources`` file: stanzas of ``Key: value`` lines; ``Enabled: no`` disables a stanza."""
    for stanza in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n")):
        fields: dict[str, list[str]] = {}
        key = ""
        for line in stanza.splitlines():
            if line.lstrip().startswith("#") or not line.strip():
                continue
            if line[0] in " \t":
                fields.setdefault(key, []).extend(line.split())
            else:
                name, _, value = line.partition(":")
                key = name.strip().lower()
                fields[key] = value.split()
        if fields.get("enabled", ["yes"])[:1] in (["no"], ["false"], ["0"]):
            continue
        for uri in fields.get("uris", []):
            yield AptSource(
                uri=uri.rstrip("/"),
                suites=tuple(fields.get("suites", [])),
                components=tuple(fields.get("components", [])),
            )


def read_sources(folder: Path = APT_FOLDER) -> list[AptSource]:
    """Read apt's configuration below ``folder``; without apt there are no sources."""
    found: list[AptSource] = []
    parts = folder / "sources.list.d"
    names = sorted(parts.iterdir()) if parts.is_dir() else []
    for file in [folder / "sources.list", *names]:
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # missing or not readable: apt skips it too
        if file.suffix == ".sources":
            found += parse_deb822(text)
        elif file.suffix == ".list":
            found += parse_one_line(text)
    return found


def debian_archives(sources: Iterable[AptSource]) -> list[str]:
    """Return the URIs of the Debian archives among ``sources`` that use HTTP, in order, each once.

    Security archives (suite ``*-security``) are left out: their pool does not hold the releases' archives.
    """
    return list(
        dict.fromkeys(
            source.uri
            for source in sources
            if source.uri.startswith(("http://", "https://"))
            and "main" in source.components
            and any(_DEBIAN_SUITES.match(suite) for suite in source.suites)
        )
    )
