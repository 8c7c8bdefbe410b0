"""Fixtures: one fleet for a module, or one for a test that breaks things."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "lib"))

import fleet as fleets  # noqa: E402  (the path comes first)
import spread  # noqa: E402

HOSTS = ("www01.example.com", "www02.example.com", "db01.example.com")

as_root = pytest.mark.skipif(
    not fleets.ROOT, reason="users and jails of their own need root")
real_sandbox = pytest.mark.skipif(
    fleets.SANITIZED, reason="sanitizers need the sandbox off")


def pytest_collection_modifyitems(items):
    spread.group(items, pytest.mark)


@pytest.fixture(scope="module")
def fleet():
    """Three hosts that stay as they are, each with a provider that counts."""
    with fleets.Fleet(HOSTS, start=False) as three:
        for agent in three.agents.values():
            add_mark(agent)
        three.start()
        yield three
        for agent in three.agents.values():
            assert unexpected(agent) == []


@pytest.fixture
def fresh():
    """Makes fleets that a test may break."""
    made = []

    def make(*names, **options):
        made.append(fleets.Fleet(names or HOSTS[:1], **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def add_mark(agent, name="mark"):
    """A provider with side effects: each run is one line in a file."""
    folder = agent.folder / "marks"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o1777)
    agent.provider(
        name, f"#!/bin/sh\necho run >>{folder}/{name}\necho '{{}}'\n")


def marks(agent, name="mark"):
    """How often it ran."""
    path = agent.folder / "marks" / name
    return len(path.read_text().splitlines()) if path.exists() else 0


def unexpected(agent):
    """Log lines that tell of a process that ended by itself."""
    return [line for line in agent.log().splitlines()
            if "AddressSanitizer" in line or "runtime error" in line
            or (" ended" in line and "signal" in line)]
