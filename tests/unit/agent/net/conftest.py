"""Fixtures: servers that end with the test, and a signer."""
import pathlib
import shutil
import subprocess
import tempfile

import pytest

import netproc
import sshsig


@pytest.fixture
def folder():
    """A short path: a Unix socket's may have 107 bytes."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="net."))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def redis(folder):
    server = netproc.Redis(folder)
    yield server
    server.close()


@pytest.fixture
def db(redis):
    with redis.client() as client:
        yield client


@pytest.fixture
def evil(folder):
    """Makes a hostile server of a script."""
    made = []

    def make(script):
        made.append(netproc.Evil(folder, script))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="session")
def operator():
    return sshsig.Key.new("alice@example.com")


@pytest.fixture
def agent(redis, operator):
    """Serving, with one operator's key."""
    with netproc.Agent(redis.url) as one:
        one.ready(operator.public)
        yield one


@pytest.fixture
def controller(redis):
    with netproc.Controller(redis.url) as one:
        one.connected()
        yield one


@pytest.fixture
def key_file(folder):
    """A key pair of ssh-keygen's: the path of the secret one."""
    path = folder / "id"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f",
         str(path)], check=True)
    return path
