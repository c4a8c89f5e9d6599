"""What every test may use: an ordinary process state, and the bases of this host, forged once and kept in the cache."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import needs
from fixture_types import BaseOf
from process_state import ordinary_process_state
from targets import ALL, is_kept


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Run single files in this very process: starting workers would take longer, and debuggers work."""
    return 0 if config.args and all(".py" in argument for argument in config.args) else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of one file and target in one worker: they share what fixtures forge, compile and package."""
    for item in items:
        group = [item.path.relative_to(Path(__file__).parent).as_posix()]
        if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
            group += [value for value in item.callspec.params.values() if isinstance(value, str) and value in ALL]
        item.add_marker(pytest.mark.xdist_group("-".join(group)))


@pytest.fixture(scope="session", autouse=True)
def _process_state() -> Iterator[None]:
    with ordinary_process_state():
        yield


@pytest.fixture(scope="session")
def base_of() -> BaseOf:
    """The base of a target (``py313-linux-x64``); forged if the cache has none, which takes minutes.

    A test is skipped where the target cannot be forged, or where its base does not run.
    """
    # Imported only here: most tests need no forge.
    from emulation import command  # noqa: PLC0415
    from pypkg_core.cache import cache_root, locked  # noqa: PLC0415
    from pypkg_core.targets.parse import parse_target  # noqa: PLC0415
    from pypkg_forge.driver.build import build  # noqa: PLC0415

    def base(target: str) -> Path:
        if target not in ALL:
            needs.other_host(f"this host cannot forge and run {target}")
        wanted = parse_target(target)
        # Workers of pytest-xdist take turns: each build uses every processor.
        with locked(cache_root() / "tests" / "forging"), needs.sources(target, kept=is_kept(wanted.version)):
            path = build(wanted).path
        command(path)
        return path

    return base
