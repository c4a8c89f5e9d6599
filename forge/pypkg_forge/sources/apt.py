"""The Debian archives this machine's apt is set up with: read at run time, never written in the code.

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

# Debian's own suites, by code name or by role; another distribution's archive (or a vendor's) names others.
_DEBIAN_SUITES: Final = re.compile(
    r"^(?:old(?:old)?stable|stable|testing|unstable|sid|experimental|rc-buggy"
    r"|buster|bullseye|bookworm|trixie|forky|duke)(?:-updates|-backports|-proposed-updates)?$"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class AptSource:
    """One archive as apt knows it: ``uri`` without a slash at its end."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]


def parse_one_line(text: str) -> Iterator[AptSource]:
    """Read a ``.list`` file; what is not a source line is passed over, as is all behind a ``#``."""
    for line in text.splitlines():
        match = _ONE_LINE.match(line.split("#", 1)[0])
        if match:
            _, uri, suite, components = match.groups()
            yield AptSource(uri=uri.rstrip("/"), suites=(suite,), components=tuple(components.split()))


def parse_deb822(text: str) -> Iterator[AptSource]:
    """Read a ``.sources`` file: stanzas of ``Key: value`` lines; ``Enabled: no`` switches one off."""
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
    """Read apt's configuration below ``folder``; a machine without apt has none."""
    found: list[AptSource] = []
    parts = folder / "sources.list.d"
    names = sorted(parts.iterdir()) if parts.is_dir() else []
    for file in [folder / "sources.list", *names]:
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # not there, or not for us to read: apt would pass it over too
        if file.suffix == ".sources":
            found += parse_deb822(text)
        elif file.suffix == ".list":
            found += parse_one_line(text)
    return found


def debian_archives(sources: Iterable[AptSource]) -> list[str]:
    """The URIs among ``sources`` that are Debian archives reached by HTTP, in order, each once.

    Security archives (suite ``*-security``) have a pool of their own without the releases' archives.
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
