"""What every test may use: the bases of this host, forged once and kept in the user's cache."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

BaseOf = Callable[[str], Path]


@pytest.fixture(scope="session")
def base_of() -> BaseOf:
    """The base of a target (``py313-linux-x64``); forged if the cache has none, which takes minutes."""
    # Imported only here: most tests need no forge.
    from pypkg_core.targets.catalogue import parse_target  # noqa: PLC0415
    from pypkg_forge.driver.build import build  # noqa: PLC0415

    def base(target: str) -> Path:
        return build(parse_target(target)).path

    return base
