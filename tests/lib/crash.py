"""kill -9 at every system call of a command."""
import collections
import os
import re
import shutil
import signal
import subprocess

import pytest

import fleet as fleets

# That may change a file.
CHANGES = {"open", "openat", "openat2", "write", "fsync", "fdatasync", "close",
           "link", "linkat", "rename", "renameat", "renameat2", "unlink",
           "unlinkat", "mkdir", "fchmod", "ftruncate"}

needs_strace = pytest.mark.skipif(
    shutil.which("strace") is None or fleets.SANITIZED,
    reason="needs strace, and no sanitizer under it")


def run(words, env, *strace):
    return subprocess.run(
        ["strace", "-qq", *strace, *map(str, words)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, env=env,
        check=False).returncode


def everywhere(words, env, folder, before, ends=0):
    """
    Calls before(), then the command, killed at one of its calls; yields what
    came of it, for each call in turn. ends: its exit status where it is not.
    """
    before()
    trace = folder / "trace"
    assert run(words, env, "-o", trace) == ends
    calls = collections.Counter(
        re.findall(r"^([a-z]\w*)\(", trace.read_text(), re.M))
    killed = 0
    calls.pop("exit_group")
    for name in sorted(calls):
        for n in range(1, calls[name] + 1):
            before()
            status = run(words, env, "-o", os.devnull, "-e", f"trace={name}",
                         "-e", f"inject={name}:signal=KILL:when={n}")
            killed += status == -signal.SIGKILL
            yield
    assert killed >= 5
