"""Asks every origin for new releases, and returns what the tables should get."""

from __future__ import annotations

from dataclasses import dataclass

from pypkg_core.progress import Reporter
from pypkg_forge.sources.apt import debian_archives, read_sources
from pypkg_forge.sources.updates.debian_index import ask_debian_index
from pypkg_forge.sources.updates.edit import Edit, edit_tables
from pypkg_forge.sources.updates.proposal import propose
from pypkg_forge.sources.updates.release_data import ask_release_data
from pypkg_forge.sources.updates.statements import Answers
from pypkg_forge.sources.updates.tables import load_tables

__all__ = ["Update", "find_updates"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Update:
    """What the origins have.

    Attributes:
        edits: of the tables; none if nothing is new.
        told: lines about what is proposed, with the origin of each value, and about what is not.
        not_asked: a line for each origin that gave no answer.
        errors: a line for each answer that cannot be used, and for each archive of which origins say different things.
        asked: whether any origin gave an answer.
    """

    edits: tuple[Edit, ...]
    told: tuple[str, ...]
    not_asked: tuple[str, ...]
    errors: tuple[str, ...]
    asked: bool


def find_updates(reporter: Reporter) -> Update:
    """Ask upstream's release data and Debian's index for releases that the tables lack.

    Raises:
        PypkgError: the tables are not valid, or cannot be edited.
    """
    tables = load_tables()
    answers = Answers()
    ask_release_data(tables, answers, reporter)
    ask_debian_index(tables, debian_archives(read_sources()), answers, reporter)
    proposal = propose(tables, answers.statements)
    return Update(
        edits=tuple(edit_tables(tables, proposal.rows)),
        told=tuple(proposal.told),
        not_asked=tuple(answers.not_asked),
        errors=(*answers.errors, *proposal.errors),
        asked=answers.asked > 0,
    )
