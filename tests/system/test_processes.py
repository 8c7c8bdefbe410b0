"""Who runs, as whom, with what left: what ps and /proc say."""
import os
import pathlib

import pytest

import fleet as fleets
from conftest import as_root, real_sandbox

JAILED = ("net", "gate")


@pytest.fixture(scope="module")
def agent(fleet):
    return fleet["www01.example.com"]


@pytest.mark.anyone
def test_three_processes(agent):
    names = {
        short: pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
        for short, pid in agent.wait_whole().items()}
    assert names == {"executor": "amirald", "gate": "amirald-gate",
                     "net": "amiral-net"}


@as_root
def test_two_unprivileged_users(agent):
    pids = agent.wait_whole()
    ids = {name: set(fleets.status(pids[name])["Uid"].split())
           | set(fleets.status(pids[name])["Gid"].split()) for name in JAILED}
    assert ids == {"net": {str(fleets.NET_USER)},
                   "gate": {str(fleets.GATE_USER)}}
    for name in JAILED:
        assert fleets.status(pids[name])["Groups"] in (
            "", str(fleets.NET_USER), str(fleets.GATE_USER))


@pytest.mark.anyone
@pytest.mark.parametrize("name", JAILED)
def test_no_capability(agent, name):
    facts = fleets.status(agent.wait_whole()[name])
    for row in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(facts[row], 16) == 0, row
    if fleets.ROOT:
        assert int(facts["CapBnd"], 16) == 0


@pytest.mark.anyone
@real_sandbox
@pytest.mark.parametrize("name", JAILED)
def test_filter_and_no_new_privs(agent, name):
    facts = fleets.status(agent.wait_whole()[name])
    assert facts["NoNewPrivs"] == "1"
    assert facts["Seccomp"] == "2"


@as_root
@pytest.mark.parametrize("name", JAILED)
def test_root_is_an_empty_directory(agent, name):
    pid = agent.wait_whole()[name]
    assert os.readlink(f"/proc/{pid}/root") != "/"
    assert os.listdir(f"/proc/{pid}/root/") == []
    assert os.readlink(f"/proc/{pid}/cwd") == os.readlink(f"/proc/{pid}/root")
    facts = os.stat(f"/proc/{pid}/root/")
    assert facts.st_uid == 0 and facts.st_mode & 0o222 == 0


@pytest.mark.parametrize("name", JAILED)
def test_standard_descriptors_are_null(agent, name):
    pid = agent.wait_whole()[name]
    try:
        links = [os.readlink(f"/proc/{pid}/fd/{n}") for n in range(3)]
    except PermissionError:
        pytest.skip("the process is not dumpable: only root may look")
    assert links == ["/dev/null"] * 3


@as_root
@pytest.mark.parametrize("name, most", [("net", 6), ("gate", 12)])
def test_few_descriptors(agent, name, most):
    """Sockets, pipes and an event loop's own; no file of the system's."""
    pid = agent.wait_whole()[name]
    links = [os.readlink(f"/proc/{pid}/fd/{n}")
             for n in os.listdir(f"/proc/{pid}/fd")]
    assert len(links) - 3 <= most
    for link in links:
        assert link == "/dev/null" or link.startswith(
            ("socket:", "anon_inode:", "pipe:")) \
            or link.startswith(str(agent.folder)), link


@as_root
@real_sandbox
@pytest.mark.parametrize("name", JAILED)
def test_limits(agent, name):
    text = pathlib.Path(f"/proc/{agent.wait_whole()[name]}/limits").read_text()
    limits = {line[:26].strip(): line[26:].split()[:2]
              for line in text.splitlines()[1:]}
    for row in ("Max core file size", "Max file size", "Max processes"):
        assert limits[row] == ["0", "0"], row
    assert "unlimited" not in limits["Max address space"]


@as_root
def test_memory_is_not_readable_by_its_user(agent):
    """Not dumpable: /proc/PID/mem belongs to root, not to the process."""
    for name in JAILED:
        pid = agent.wait_whole()[name]
        assert os.stat(f"/proc/{pid}/mem").st_uid == 0


@as_root
@real_sandbox
def test_executor(agent):
    """Root, with a filter of its own; no_new_privs would bind providers."""
    facts = fleets.status(agent.wait_whole()["executor"])
    assert facts["Uid"].split() == ["0"] * 4
    assert facts["Seccomp"] == "2"
    assert facts["NoNewPrivs"] == "0"


def test_end_of_the_executor_ends_all(fresh):
    agent = fresh().agents["www01.example.com"]
    pids = agent.wait_whole()
    agent.process.kill()
    agent.process.wait()
    fleets.wait_for("gate and net to end", lambda: not any(
        fleets.alive(pid) for pid in pids.values()))
    agent.process = None
