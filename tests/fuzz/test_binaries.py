"""The parsers of executables with damaged files: a short run of the fuzzer, always with the same inputs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from unit.core.binaries.fixture_files import all_fixtures

INPUTS = 60


def test_damaged_files_end_with_an_error_of_ours() -> None:
    command = [sys.executable, str(Path(__file__).with_name("binaries.py")), "--inputs", str(INPUTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    *formats, findings = done.stdout.splitlines()
    assert findings == "0 findings"
    ran = {line.split(":")[0]: int(line.split()[1]) for line in formats}
    accepted = {line.split(":")[0]: int(line.split()[3]) for line in formats}
    assert sum(ran.values()) == INPUTS * len(all_fixtures())
    # Some are harmless, some are not: both ways through the parsers are taken.
    assert all(ran[name] // 10 < accepted[name] < ran[name] * 9 // 10 for name in ("elf", "macho", "pe")), done.stdout
