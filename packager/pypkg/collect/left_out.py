"""What is left out of a project's folders because nobody means to package it, and how that is told."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path, PurePosixPath

from pypkg.diagnostics import Diagnostics
from pypkg.project.never_inside import Kind, is_readable_by_others, link_kind, suspects

__all__ = ["LeftOut"]


class LeftOut:
    """Decides about the files of a project, and remembers what is left out.

    Args:
        main: a file of the project that everybody may have: where it is for its owner only, the permissions of others
            say nothing.
    """

    def __init__(self, main: Path) -> None:
        self._modes = is_readable_by_others(main)
        self._found: dict[tuple[str, str], tuple[Kind, set[str]]] = {}
        self._secrets: dict[str, Kind] = {}

    def find(
        self, directory: Path, relative: str, words: Collection[str], *, prefix: str, all_named: bool
    ) -> str | None:
        """Return what is left out: a file, or the folder that it is in; ``None`` if it is packaged.

        Args:
            directory: the project's, or another one.
            relative: the file below it.
            words: the names by which the configuration selects it; none if it does not.
            prefix: the path of ``directory`` in the executable, with a slash at the end or empty; for messages.
            all_named: whether the configuration spells the name of a link to the file.
        """
        secrets = []
        for kind, path in suspects(directory, relative, modes=self._modes):
            if not all_named and not kind.is_spelled(path.name, words):
                # A folder is told once, not with each of its files.
                return self._add(kind, f"{prefix}{path}")
            if kind.secret:
                secrets.append(kind)
        self._secrets.update((f"{prefix}{relative}", kind) for kind in secrets)
        return None

    def find_link(self, link: str, words: Collection[str], *, prefix: str) -> str | None:
        """Return a link that leads out of the project, unless it is followed; arguments as for `find`."""
        kind = link_kind()
        return None if kind.is_spelled(PurePosixPath(link).name, words) else self._add(kind, f"{prefix}{link}")

    def tell(self, diagnostics: Diagnostics) -> None:
        """Add a notice for each kind that was left out, a detail for each file, and warnings about packaged secrets."""
        for kind, paths in self._found.values():
            names = sorted(paths)
            if not kind.expected:
                diagnostics.notice(_counted(kind, names))
            for name in names:
                diagnostics.detail(f"is a {kind.one}; left out", file=name)
        for path, kind in sorted(self._secrets.items(), key=lambda item: item[0]):
            diagnostics.warning(
                f"looks like a {kind.one}, and assets names it: everybody who has the executable can read it", file=path
            )

    def _add(self, kind: Kind, path: str) -> str:
        self._found.setdefault((kind.one, kind.many), (kind, set()))[1].add(path)
        return path


def _counted(kind: Kind, names: list[str]) -> str:
    if len(names) == 1:
        return f"Left out 1 {kind.one}, which assets does not name: {names[0]}"
    return f"Left out {len(names)} {kind.many}, which assets does not name, such as {names[0]}"
