"""Wheels are strangers' files: what is unpacked, where, and what is refused."""

from __future__ import annotations

import io
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pypkg.environment import wheel_file
from pypkg.environment.distributions import Distribution
from pypkg.environment.wheel_file import unpack
from pypkg_core.errors import PypkgError
from unit.wheel_index import wheel_bytes

NAME = "Demo_Pkg-1.0-py3-none-any.whl"
INFO = "Demo_Pkg-1.0.dist-info"
Change = Callable[[zipfile.ZipInfo, bytes], tuple[zipfile.ZipInfo, bytes]]


def write(directory: Path, data: bytes, name: str = NAME) -> Path:
    (directory / name).write_bytes(data)
    return directory / name


def rebuilt(data: bytes, change: Change = lambda info, data: (info, data), *more: tuple[str, bytes, int]) -> bytes:
    """Return a wheel with changed members, and others at its end: name, contents, mode."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for info in old.infolist():
            new.writestr(*change(info, old.read(info)))
        for name, contents, mode in more:
            info = zipfile.ZipInfo("placeholder")
            info.filename = name  # as it is: the constructor would change it
            info.external_attr = mode << 16
            with warnings.catch_warnings(action="ignore"):  # of a name that is there twice
                new.writestr(info, contents)
    return buffer.getvalue()


def test_every_part_of_a_wheel_has_its_place(tmp_path: Path) -> None:
    data = "Demo_Pkg-1.0.data"
    files: dict[str, str | bytes] = {
        "demo/__init__.py": "",
        "demo/bin/tool": b"\x7fELF",
        f"{data}/platlib/demo/fast.so": "native",
        f"{data}/purelib/demo/more.py": "",
        f"{data}/scripts/demo-tool": "#!python\n",
        f"{data}/data/share/demo/table.csv": "1,2",
        f"{data}/data/lib/python3.13/site-packages/odd.py": "",
        f"{data}/headers/demo.h": "",
    }
    wheel = wheel_bytes("Demo_Pkg", "1.0", "py3-none-any", files)

    def executable(info: zipfile.ZipInfo, contents: bytes) -> tuple[zipfile.ZipInfo, bytes]:
        if info.filename == "demo/bin/tool":
            info.external_attr = (stat.S_IFREG | 0o711) << 16
        return info, contents

    unpack(write(tmp_path, rebuilt(wheel, executable)), tmp_path / "out")
    found = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert found == {
        "site-packages/demo/__init__.py",
        "site-packages/demo/bin/tool",
        "site-packages/demo/fast.so",
        "site-packages/demo/more.py",
        "site-packages/odd.py",
        "bin/demo-tool",
        "share/demo/table.csv",
        "include/Demo_Pkg/demo.h",
        *(f"site-packages/{INFO}/{name}" for name in ("METADATA", "WHEEL", "RECORD")),
    }
    site = tmp_path / "out/site-packages"
    assert stat.S_IMODE((site / "demo/bin/tool").stat().st_mode) == 0o755
    assert stat.S_IMODE((site / "demo/fast.so").stat().st_mode) == 0o644
    installed = Distribution(name="demo-pkg", root=site, info=INFO)
    assert set(installed.files) == {path.removeprefix("site-packages/") for path in found if path.startswith("site")}
    rows = (site / INFO / "RECORD").read_text().splitlines()
    assert len(rows) == len(found)
    assert any(row.startswith("../share/demo/table.csv,sha256=") and row.endswith(",3") for row in rows)


@pytest.mark.parametrize(
    ("name", "mode", "problem"),
    [
        ("../outside.py", 0o100644, "leads out"),
        ("demo/../../outside.py", 0o100644, "leads out"),
        ("/tmp/outside.py", 0o100755, "leads out"),
        ("C:/outside.py", 0o100644, "leads out"),
        ("demo\\..\\..\\outside.py", 0o100644, "leads out"),
        ("demo//two.py", 0o100644, "leads out"),
        ("demo/./two.py", 0o100644, "leads out"),
        ("demo/two\n.py", 0o100644, "leads out"),
        ("demo/two\x1b.py", 0o100644, "leads out"),
        ("demo/link.py", 0o120777, "neither a file nor a directory"),
        ("demo/fifo", 0o010644, "neither a file nor a directory"),
        ("demo/device", 0o060644, "neither a file nor a directory"),
        ("demo/__init__.py", 0o100644, "another member has its place"),
        ("demo/__init__.py/below", 0o100644, "another member has its place"),
        ("Demo_Pkg-1.0.data/purelib/demo/__init__.py", 0o100644, "another member has its place"),
        ("Demo_Pkg-1.0.data/data/../x", 0o100644, "leads out"),
        ("Demo_Pkg-1.0.data/other/x", 0o100644, "no directory of data"),
        ("Demo_Pkg-1.0.data/x", 0o100644, "no directory of data"),
        ("other-1.0.dist-info/METADATA", 0o100644, "expected one directory demo-pkg-1.0.dist-info"),
    ],
)
def test_a_member_that_must_not_be_written(tmp_path: Path, name: str, mode: int, problem: str) -> None:
    secret = tmp_path / "outside.py"
    secret.write_text("")
    before = secret.stat()
    data = rebuilt(wheel_bytes("Demo_Pkg", "1.0", "py3-none-any", {"demo/__init__.py": ""}), _same, (name, b"", mode))
    out = tmp_path / "cache" / "out"
    with pytest.raises(PypkgError, match=problem) as caught:
        unpack(write(tmp_path, data), out)
    assert NAME in str(caught.value)
    assert secret.stat().st_mode == before.st_mode
    assert {path.name for path in tmp_path.iterdir()} <= {"outside.py", NAME, "cache"}
    assert not any(path.is_symlink() for path in tmp_path.rglob("*"))


def _same(info: zipfile.ZipInfo, contents: bytes) -> tuple[zipfile.ZipInfo, bytes]:
    return info, contents


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("demo/__init__.py,sha256=AAAA,0", "two hashes of it"),
        ("demo/__init__.py,md5=1B2M2Y8AsgTpgAmY7PhCfg,0", "proves nothing"),
        ("../../outside.py,,", "leads out"),
        ("/etc/passwd,,", "leads out"),
        ("demo/gone.py,,", "is missing"),
        ("demo/__init__.py,,", "two hashes"),
    ],
)
def test_a_record_that_is_wrong(tmp_path: Path, row: str, problem: str) -> None:
    def change(info: zipfile.ZipInfo, contents: bytes) -> tuple[zipfile.ZipInfo, bytes]:
        return info, contents + row.encode() + b"\n" if info.filename.endswith("RECORD") else contents

    data = rebuilt(wheel_bytes("Demo_Pkg", "1.0", "py3-none-any", {"demo/__init__.py": ""}), change)
    with pytest.raises(PypkgError, match=problem):
        unpack(write(tmp_path, data), tmp_path / "out")


def test_a_file_that_was_changed_after_record_was_written(tmp_path: Path) -> None:
    def change(info: zipfile.ZipInfo, contents: bytes) -> tuple[zipfile.ZipInfo, bytes]:
        return info, b"import os\n" if info.filename == "demo/__init__.py" else contents

    data = rebuilt(wheel_bytes("Demo_Pkg", "1.0", "py3-none-any", {"demo/__init__.py": ""}), change)
    with pytest.raises(PypkgError, match=r"'demo/__init__\.py': its hash is not the one in RECORD"):
        unpack(write(tmp_path, data), tmp_path / "out")


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheel_file, "_LARGEST", 1000)
    data = wheel_bytes("Demo_Pkg", "1.0", "py3-none-any", {"demo/zeros": bytes(10_000_000)})
    with pytest.raises(PypkgError, match="it would become 100"):
        unpack(write(tmp_path, data), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_member_that_is_larger_than_it_says_is_refused(tmp_path: Path) -> None:
    data = wheel_bytes("Demo_Pkg", "1.0", "py3-none-any", {"demo/zeros": bytes(5000)})
    data = data.replace(struct.pack("<I", 5000), struct.pack("<I", 50))
    with pytest.raises(PypkgError, match=r"damaged|hash"):
        unpack(write(tmp_path, data), tmp_path / "out")
    assert all(path.stat().st_size <= 4096 for path in tmp_path.rglob("zeros"))


@pytest.mark.parametrize("size", [0, 1, 100, 300])
def test_a_damaged_archive(tmp_path: Path, size: int) -> None:
    data = wheel_bytes("Demo_Pkg", "1.0", "py3-none-any", {"demo/__init__.py": ""})[:size]
    with pytest.raises(PypkgError, match=f"Cannot unpack {NAME}: the archive is damaged"):
        unpack(write(tmp_path, data), tmp_path / "out")


@pytest.mark.parametrize("bit", range(0, 4000, 97))
def test_a_flipped_bit_is_never_a_traceback(tmp_path: Path, bit: int) -> None:
    data = bytearray(wheel_bytes("Demo_Pkg", "1.0", "py3-none-any", {"demo/__init__.py": "x = 1\n" * 50}))
    data[bit // 8 % len(data)] ^= 1 << bit % 8
    try:
        unpack(write(tmp_path, bytes(data)), tmp_path / "out")
    except PypkgError as error:
        assert NAME in str(error)


def test_a_wheel_needs_a_record_of_reasonable_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def rename(info: zipfile.ZipInfo, contents: bytes) -> tuple[zipfile.ZipInfo, bytes]:
        info.filename = info.filename.replace("RECORD", "record")
        return info, contents

    data = wheel_bytes("Demo_Pkg", "1.0", "py3-none-any", {"demo/__init__.py": ""})
    with pytest.raises(PypkgError, match=r"expected a Demo_Pkg-1\.0\.dist-info/RECORD, got none"):
        unpack(write(tmp_path, rebuilt(data, rename)), tmp_path / "out")
    monkeypatch.setattr(wheel_file, "_LARGEST_RECORD", 10)
    with pytest.raises(PypkgError, match="got one of"):
        unpack(write(tmp_path, data), tmp_path / "out")


def test_encrypted_members_are_refused(tmp_path: Path) -> None:
    data = bytearray(wheel_bytes("Demo_Pkg", "1.0", "py3-none-any", {"demo/__init__.py": ""}))
    central = data.index(b"PK\x01\x02")
    data[central + 8] |= 1
    with pytest.raises(PypkgError, match="encrypted"):
        unpack(write(tmp_path, bytes(data)), tmp_path / "out")
