"""How the binaries were built."""
import re
import shutil
import subprocess

import pytest

import fleet as fleets


def binaries():
    for folder in ("bin", "sbin", "libexec/amiral"):
        for path in sorted((fleets.prefix() / folder).iterdir()):
            if path.read_bytes()[:4] == b"\x7fELF":
                yield path


def is_static(path):
    done = subprocess.run(["readelf", "-lW", path], capture_output=True,
                          text=True, check=True)
    return "INTERP" not in done.stdout


@pytest.mark.skipif(not shutil.which("hardening-check"),
                    reason="no hardening-check: install devscripts")
@pytest.mark.skipif(fleets.SANITIZED, reason="sanitizers replace what it seeks")
def test_hardening_check():
    """A static program has no imports, where its canary would be seen."""
    found = list(binaries())
    assert len(found) >= 7
    for path in found:
        words = ["hardening-check", "--nocfprotection", "-q", str(path)]
        if is_static(path):
            words.insert(1, "--nostackprotector")
            words.insert(1, "--nofortify")
            symbols = subprocess.run(["nm", path], capture_output=True,
                                     text=True, check=True).stdout
            assert re.search(r" [tTwW] __stack_chk_fail", symbols), path
        done = subprocess.run(words, capture_output=True, text=True,
                              check=False)
        assert done.returncode == 0, done
