"""
What a taken-over net or gate can still call, from inside the real jail; and
what its user could do if the filter were not there.
"""
import errno
import re
import signal

import pytest

from conftest import as_root, real_sandbox

SIGSYS = int(signal.SIGSYS)


def outcomes(stage, short):
    stage.wait_said(short, "probed", patience=60)
    lines = stage.said(short)
    lines = lines[:lines.index("probed")]
    stage.recover()
    return lines


@real_sandbox
@pytest.mark.anyone
@pytest.mark.parametrize("short", ["net", "gate"])
def test_every_forbidden_call_kills(stage, short):
    """Not one returns, not even with an error."""
    stage.start(short, "probe")
    lines = outcomes(stage, short)
    assert len(lines) >= 80
    assert [line for line in lines
            if not line.endswith(f" killed {SIGSYS}")] == []


@as_root
@pytest.mark.parametrize("short", ["net", "gate"])
def test_the_user_alone_reaches_nobody(stage, short):
    """
    Before the jail, as the process's own user: the other's and amirald's
    memory, signals, files. Neither needs the filter to be refused.
    """
    stage.start(short, f"outside {stage.agent.key_file}")
    lines = outcomes(stage, short)
    assert lines.pop(0) == "sibling 1"
    refusals = {str(int(e)) for e in (errno.EACCES, errno.EPERM)}
    assert len(lines) >= 11
    for line in lines:
        match = re.fullmatch(r"(.*) refused (\d+)", line)
        assert match and match[2] in refusals, line
