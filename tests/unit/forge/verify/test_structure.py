"""The structure of bases: what a file must be and may need, judged without running it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypkg_core.errors import PypkgError
from pypkg_core.targets.catalogue import Target
from pypkg_forge.verify.verify import verify_base
from unit.core.binaries.fixture_files import all_fixtures

REFUSED = [
    ("linux-x64", "linux-arm64", "has the processor x86-64, expected arm64"),
    ("macos-universal.dylib", "macos-x64", "has the processor x86_64, arm64, expected x64"),
    ("linux-arm64-fixed", "linux-arm64", "lacks a protection: position-independent"),
    ("linux-x64", "linuxstatic-x64", "needs a dynamic loader, expected a static program"),
    ("alpine-x64.so", "linux-x64", r"needs the library libc\.so; allowed for .*: libc\.so\.6, "),
    ("linux-x64", "linux-x64", r"needs glibc 2\.34, expected at most 2\.17"),
    # Nothing is wrong with these but that they have no image.
    ("linuxstatic-x64", "linuxstatic-x64", "is not a base of pypkg: it has no locator"),
    ("alpine-x64.so", "alpine-x64", "is not a base of pypkg: it has no locator"),
]


@pytest.mark.parametrize(("name", "target", "message"), REFUSED)
def test_what_is_no_base_of_a_target_is_refused(tmp_path: Path, name: str, target: str, message: str) -> None:
    (tmp_path / name).write_bytes(all_fixtures()[name])
    platform, arch = target.split("-")
    with pytest.raises(PypkgError, match=message):
        verify_base(tmp_path / name, Target(version="313", platform=platform, arch=arch))
