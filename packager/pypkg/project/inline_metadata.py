"""Inline metadata of a script (PEP 723, packaging.python.org/specifications/inline-script-metadata)."""

from __future__ import annotations

import io
import re
import tokenize
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from pypkg_core.errors import UsageError
from pypkg_core.targets.catalogue import VERSIONS, Version, find_version
from pypkg_core.targets.versions import version_numbers
from pypkg_core.toml_tables import TableReader

__all__ = ["InlineMetadata", "check_version", "fitting_versions", "read_inline_metadata"]

_TYPE: Final = "script"
_HINT: Final = b"# /// script"  # a file without these bytes has no block
# A block ends at the last "# ///" of the comment lines that follow its first line.
_BLOCK: Final = re.compile(r"^# /// (?P<type>[a-zA-Z0-9-]+)\n(?P<content>(?:#(?: .*)?\n)+)# ///$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class InlineMetadata:
    """What a script says about itself.

    Attributes:
        origin: the script.
        dependencies: requirement specifiers.
        requires_python: the Python versions it runs on; ``None`` for any.
        pypkg: its table ``[tool.pypkg]``; ``None`` without one.
    """

    origin: Path
    dependencies: tuple[str, ...] = ()
    requires_python: SpecifierSet | None = None
    pypkg: Mapping[str, Any] | None = field(default=None, hash=False)


def read_inline_metadata(script: Path, source: bytes) -> InlineMetadata | None:
    """Read the ``script`` block of a script; a block that is not closed is none.

    Args:
        script: the file, for messages.
        source: its contents.

    Raises:
        UsageError: there are two such blocks, the block is not TOML, or a key has a wrong value.
    """
    if _HINT not in source:
        return None
    text = _decode(script, source)
    blocks = [found for found in _BLOCK.finditer(text) if found["type"] == _TYPE]
    if not blocks:
        return None
    lines = [text.count("\n", 0, found.start()) + 1 for found in blocks]
    if len(blocks) > 1:
        raise UsageError(
            f"Cannot read {script.name}: expected one block '# /// {_TYPE}', got {len(blocks)}, in lines "
            f"{', '.join(map(str, lines))}",
            context={"file": script},
        )
    content = "".join(
        line[2:] if line.startswith("# ") else line[1:] for line in blocks[0]["content"].splitlines(keepends=True)
    )
    try:
        document = tomllib.loads("\n" * lines[0] + content)  # so that errors have the lines of the script
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            f"Cannot read the inline metadata of {script.name}: {error}", context={"file": script}
        ) from error
    return _parse(script, document)


def _decode(script: Path, source: bytes) -> str:
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        text = source.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        raise UsageError(
            f"Cannot read the inline metadata of {script.name}: {error}", context={"file": script}
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _parse(script: Path, document: Mapping[str, Any]) -> InlineMetadata:
    reader = TableReader(file=script, error_type=UsageError)
    dependencies = reader.convert("dependencies", document.get("dependencies", []), tuple[str, ...])
    names: dict[str, int] = {}
    for index, text in enumerate(dependencies):
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            problem = str(error).splitlines()[0]
            raise reader.error(f"dependencies[{index}]", f"expected a requirement, got {text!r}: {problem}") from error
        if requirement.url is None:
            names[canonicalize_name(requirement.name)] = index
    tool = _table(reader, "tool", document.get("tool", {}))
    _refuse_sources(reader, tool, names)
    return InlineMetadata(
        origin=script,
        dependencies=dependencies,
        requires_python=_specifier(reader, document.get("requires-python")),
        pypkg=_table(reader, "tool.pypkg", tool["pypkg"]) if "pypkg" in tool else None,
    )


def _specifier(reader: TableReader, value: object) -> SpecifierSet | None:
    if value is None:
        return None
    text = reader.convert("requires-python", value, str)
    try:
        return SpecifierSet(text)
    except InvalidSpecifier as error:
        raise reader.error("requires-python", f"expected a specifier such as '>=3.11', got {text!r}") from error


def _refuse_sources(reader: TableReader, tool: Mapping[str, Any], names: Mapping[str, int]) -> None:
    """Refuse dependencies that uv takes from elsewhere: an index may have a stranger of that name."""
    uv = tool.get("uv")
    sources = uv.get("sources") if isinstance(uv, dict) else None
    for name in sources if isinstance(sources, dict) else ():
        if canonicalize_name(name) in names:
            raise reader.error(
                f"tool.uv.sources.{name}",
                "is read by uv only, and without it another distribution of that name could be packaged",
                hint=f'Write "{name} @ URL" in dependencies[{names[canonicalize_name(name)]}]',
            )


def _table(reader: TableReader, key: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise reader.error(key, f"expected a table, got {value!r}")
    return value


def fitting_versions(inline: InlineMetadata) -> list[str]:
    """Return the Python versions of the table of targets that a script runs on, "313".

    Those with verified bases come first, the newest of them at the front; then the others, likewise.

    Raises:
        UsageError: it runs on none of them.
    """
    rows = sorted(map(find_version, VERSIONS), key=lambda row: version_numbers(row.series), reverse=True)
    found = [row.name for row in sorted(rows, key=lambda row: not row.verified) if _allows(inline, row)]
    if not found:
        known = ", ".join(row.series for row in reversed(rows))
        raise UsageError(
            f"Cannot package {inline.origin.name}: requires-python is '{inline.requires_python}', available: {known}",
            context={"file": inline.origin},
        )
    return found


def check_version(inline: InlineMetadata, name: str) -> None:
    """Check that a script runs on the Python version of a target.

    Args:
        name: as in the table of targets, "313".

    Raises:
        UsageError: its ``requires-python`` excludes that version.
    """
    row = find_version(name)
    if not _allows(inline, row):
        fitting = ", ".join(f"py{other}" for other in VERSIONS if _allows(inline, find_version(other))) or "none"
        raise UsageError(
            f"Cannot package {inline.origin.name} for Python {row.series}: requires-python is "
            f"'{inline.requires_python}'",
            hint=f"Versions that fit: {fitting}",
            context={"file": inline.origin},
        )


def _allows(inline: InlineMetadata, row: Version) -> bool:
    # One release that fits is enough: which one the base has is known only when there is a base.
    wanted = inline.requires_python
    return wanted is None or any(wanted.contains(pin, prereleases=True) for pin in row.pins)
