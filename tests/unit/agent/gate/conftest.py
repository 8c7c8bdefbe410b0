"""Fixtures: a gate that is set up, or not yet; both end with the test."""
import pathlib
import tempfile

import pytest

import gateproc


@pytest.fixture
def bare():
    """Started, and told nothing so far."""
    with tempfile.TemporaryDirectory(prefix="gate.") as name:
        one = gateproc.Gate(pathlib.Path(name))
        yield one
        one.close()


@pytest.fixture
def gate(bare):
    """Serving."""
    return bare.start()
