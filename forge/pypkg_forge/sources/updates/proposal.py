"""From what origins say to the rows that the tables should get."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from pypkg_forge.sources.pins import Pin
from pypkg_forge.sources.updates.debian_index import ORIGIN as DEBIAN
from pypkg_forge.sources.updates.debian_index import SUITES
from pypkg_forge.sources.updates.statements import Statement
from pypkg_forge.sources.updates.tables import PYTHON, Tables, order, renamed, series_of

__all__ = ["Proposal", "propose"]

TABLE: Final = "sources.toml"
FEW_WITNESSES: Final = "few witnesses of this hash yet: compare with upstream's signature when updating"
MOVES_ON: Final = "Debian has it in {}, which moves on"
_LASTING: Final = frozenset({"stable", "oldstable"})


@dataclass(kw_only=True, slots=True)
class Proposal:
    """The rows to add, and what to tell.

    Attributes:
        rows: of sources.toml; Python's are named in targets.toml too.
        told: lines about them, with the origin of each value, and about what is not proposed.
        errors: a line for each archive of which the origins say different things.
    """

    rows: list[Pin] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Archive:
    """What all origins say of one file, where they agree."""

    statements: tuple[Statement, ...]

    @property
    def first(self) -> Statement:
        return self.statements[0]

    @property
    def pinned(self) -> bool:
        return any(item.origin == TABLE for item in self.statements)

    def value(self, key: str) -> str | int | None:
        return next((value for item in self.statements if (value := getattr(item, key)) is not None), None)

    def origins(self, key: str) -> str:
        return _origins(item for item in self.statements if getattr(item, key) is not None)

    @property
    def witnesses(self) -> set[str]:
        return {item.origin for item in self.statements if item.sha256 is not None}

    def __str__(self) -> str:
        known = [f"{key} {self.value(key)} ({self.origins(key)})" for key in ("sha256", "size") if self.value(key)]
        return f"{self.first.file}: {', '.join(known)}"


def propose(tables: Tables, statements: Sequence[Statement]) -> Proposal:
    """Compare what the origins say with each other and with the pins, and say what the tables should get."""
    proposal = Proposal()
    archives = _agreed([*_pinned(tables), *statements], proposal)
    _confirm(tables, archives, proposal)
    newer = [
        archive
        for archive in archives
        if not archive.pinned
        and order(archive.first.version) > tables.newest(archive.first.name, archive.first.version)
    ]
    newer.sort(key=lambda archive: order(archive.first.version), reverse=True)
    for version in tables.versions:
        _propose_python(tables, [archive for archive in newer if _is_python(archive, version.series)], proposal)
    known = [version.series for version in tables.versions]
    others = {series: archive for archive in reversed(newer) if (series := _series(archive)) and series not in known}
    for series in sorted(others, key=order):
        proposal.told.append(f"Python {series} is not in the table: {others[series].first.version}, {others[series]}")
    for name in dict.fromkeys(pin.name for pin in tables.pins if pin.name != PYTHON):
        _propose_dependency(tables, [archive for archive in newer if archive.first.name == name], proposal)
    return proposal


def _propose_python(tables: Tables, newer: list[_Archive], proposal: Proposal) -> None:
    """Propose every release of one series that is newer than its pins, newest first."""
    seen: set[str] = set()
    for archive in newer:
        version = archive.first.version
        row = _row(tables, archive)
        if isinstance(row, str):
            proposal.told.append(f"python {version} is not proposed: {row}; {archive}")
        elif version not in seen:
            seen.add(version)
            _add(proposal, row, archive)


def _propose_dependency(tables: Tables, newer: list[_Archive], proposal: Proposal) -> None:
    """Propose the newest release; of another major version, whose API may differ, it is only told."""
    if not newer:
        return
    name = newer[0].first.name
    major = tables.newest(name, newer[0].first.version)[:1]
    chosen = next((archive for archive in newer if order(archive.first.version)[:1] == major), None)
    for archive in newer[:1]:
        if archive is not chosen:
            proposal.told.append(f"{name} {archive.first.version} is not proposed: another major version; {archive}")
    if chosen is not None:
        row = _row(tables, chosen)
        if isinstance(row, str):
            proposal.told.append(f"{name} {chosen.first.version} is not proposed: {row}; {chosen}")
        else:
            _add(proposal, row, chosen)


def _row(tables: Tables, archive: _Archive) -> Pin | str:
    """Return the row for an archive, or why there can be none."""
    first = archive.first
    if first.repacked:
        return "Debian repacked it, and no origin says the sha256 of upstream's file"
    sha256, size, debian = (archive.value(key) for key in ("sha256", "size", "debian"))
    if sha256 is None or size is None:
        return f"no origin says its {'sha256' if sha256 is None else 'size'}"
    models = [(pin, renamed(pin, first.version)) for pin in tables.of(first.name, first.version)]
    named = next(((pin, *found) for pin, found in models if found is not None and found[0] == first.file), None)
    if named is None:
        return "the name of upstream's file cannot be derived from that of a pin"
    model, file, urls = named
    return Pin(
        name=first.name,
        version=first.version,
        file=file,
        sha256=str(sha256),
        size=int(size),
        urls=urls,
        debian=None if debian is None else str(debian),
        licence=model.licence,
        note=_note(archive),
    )


def _note(archive: _Archive) -> str | None:
    if len(archive.witnesses) < 2:
        return FEW_WITNESSES
    suites = [item.suite for item in archive.statements if item.suite is not None]
    return MOVES_ON.format(suites[0]) if suites and not _LASTING & set(suites) else None


def _add(proposal: Proposal, row: Pin, archive: _Archive) -> None:
    proposal.rows.append(row)
    proposal.told.append(f"{row} is proposed:")
    for key in ("sha256", "size", "debian"):
        if archive.value(key) is not None:
            proposal.told.append(f"  {key} {archive.value(key)}: {archive.origins(key)}")
    proposal.told.append(f"  urls, licence: as the pins of {row.name} have them in {TABLE}")


def _confirm(tables: Tables, archives: Iterable[_Archive], proposal: Proposal) -> None:
    """Tell of which pins with few witnesses an origin says the same hash."""
    doubtful = {pin.sha256: pin for pin in tables.pins if pin.note == FEW_WITNESSES}
    for archive in archives:
        pin = doubtful.get(str(archive.value("sha256")))
        if pin is not None and archive.pinned and len(archive.witnesses) > 1:
            others = _origins(item for item in archive.statements if item.origin != TABLE and item.sha256)
            proposal.told.append(f"{pin}, which has few witnesses, has the pinned hash: {others}")


def _pinned(tables: Tables) -> Iterable[Statement]:
    for pin in tables.pins:
        for form in pin.forms:
            yield Statement(
                name=pin.name,
                version=pin.version,
                file=form.file,
                origin=TABLE,
                sha256=form.sha256,
                size=form.size,
                repacked=form != pin.upstream,
            )


def _agreed(statements: Iterable[Statement], proposal: Proposal) -> list[_Archive]:
    """Return the archives of which all origins say the same; the others are errors."""
    by_file: dict[tuple[str, str], list[Statement]] = {}
    for item in statements:
        by_file.setdefault((item.name, item.file), []).append(item)
    agreed = []
    for items in by_file.values():
        for key in ("sha256", "size"):
            said = {value: None for item in items if (value := getattr(item, key)) is not None}
            if len(said) > 1:
                words = [f"{value} ({_origins(i for i in items if getattr(i, key) == value)})" for value in said]
                what = f"{items[0].name} {items[0].version}: {items[0].file}"
                proposal.errors.append(f"Nothing is proposed for {what}: its {key} differs: {' and '.join(words)}")
                break
        else:
            agreed.append(_Archive(statements=tuple(items)))
    return agreed


def _origins(statements: Iterable[Statement]) -> str:
    """Return who says something, each once: "upstream's release data, Debian's index of unstable and testing"."""
    suites: dict[str, list[str]] = {}
    for item in statements:
        suites.setdefault(item.origin, [])
        if item.suite is not None and item.suite not in suites[item.origin]:
            suites[item.origin].append(item.suite)
    named = suites.get(DEBIAN, [])
    named.sort(key=SUITES.index)
    return ", ".join(f"{origin} of {' and '.join(said)}" if said else origin for origin, said in suites.items())


def _series(archive: _Archive) -> str | None:
    return series_of(archive.first.version) if archive.first.name == PYTHON else None


def _is_python(archive: _Archive, series: str) -> bool:
    return _series(archive) == series
