"""
"A first fleet" of README.md, line by line, as a new user would type it: each
host is a namespace with an /etc, a /var/lib, a /var/log and a name of its own.
"""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

import fleet as fleets
from conftest import as_root
from test_enroll import HOSTS, desk  # noqa: F401  (a fixture)

pytestmark = as_root
TOP = pathlib.Path(__file__).parents[2]

# As unshare(1) leaves it: what is mounted here ends with the last process.
MACHINE = """
set -e
mount -t tmpfs machine {folder}
mkdir {folder}/upper {folder}/work
mount -t overlay machine -o \
lowerdir=/etc,upperdir={folder}/upper,workdir={folder}/work /etc
mount -t tmpfs -o mode=755 machine /var/lib
mount -t tmpfs -o mode=755 machine /var/log
hostname {name}
cd {home}
"""


def block(start):
    """The lines of README.md's example that begins so."""
    text = (TOP / "README.md").read_text()
    found = re.search(rf"^    {re.escape(start)}.*\n(?:    .*\n)*", text, re.M)
    return [line.strip() for line in found[0].splitlines()]


def path():
    return ":".join(str(fleets.program(name).parent) for name in
                    ("amiral", "amirald")) + ":" + os.environ["PATH"]


def machine(folder, name):
    folder.mkdir(parents=True)
    return ["unshare", "--mount", "--uts", "sh", "-c", MACHINE.format(
        folder=folder, name=name, home=folder.parent)]


def has_machines(folder):
    words = machine(folder / "probe" / "machine", "probe.example.com")
    return subprocess.run(words, capture_output=True,
                          check=False).returncode == 0


def operator_types(desk, line):  # noqa: F811
    done = subprocess.run(
        ["bash", "-c", line], cwd=desk.folder, capture_output=True, text=True,
        check=False, env={**desk.environment, "PATH": path()})
    assert done.returncode == 0, (line, done)
    return done.stdout


def service():
    """What the service manager starts, from where it is in this test."""
    unit = (TOP / "dist/amirald.service").read_text()
    words = re.search("^ExecStart=(.*)$", unit, re.M)[1].split()
    return [pathlib.Path(words[0]).name, *words[1:]]


def start_host(desk, name):  # noqa: F811
    folder = desk.folder / "machines" / name
    words = machine(folder / "machine", name)
    shutil.copy(desk.folder / "token", folder)
    words[-1] += "\n".join(block("useradd")) + "\nexec " + " ".join(service())
    with open(folder / "log", "wb") as log:
        desk.processes.append(fleets.spawn(
            words, stdout=log, stderr=log,
            env={"PATH": path(), "HOME": "/root"}))
    return folder / "log"


def test_a_first_fleet(desk):  # noqa: F811
    if not has_machines(desk.folder):
        pytest.skip("no mount namespaces with overlays here")
    before = os.path.exists("/etc/amiral")
    shutil.rmtree(desk.config)
    new, fleet = block("amiral-keygen new")
    operator_types(desk, new)
    desk.fleet = operator_types(desk, fleet).strip()
    desk.settle(f"unix://{desk.redis.socket}")
    token, watch = block("amiral-keygen token")
    assert watch == "amiral-keygen accept --watch"
    watched = desk.watch()
    operator_types(desk, token)
    logs = [start_host(desk, name) for name in HOSTS]

    def all_said():
        return watched.read_text() + "".join(log.read_text() for log in logs)
    fleets.wait_for(all_said, lambda: desk.known().count("\n") == len(HOSTS))
    with desk.redis.client() as client:
        for name in HOSTS:
            fleets.wait_for(all_said, lambda: client(
                "EXISTS", desk.redis_key(f"host:{name}")))
    done = operator_types(desk, "amiral ping -a")
    for name in HOSTS:
        assert re.search(f"^{name}", done, re.M), done
    assert os.path.exists("/etc/amiral") == before  # nothing of it is ours
