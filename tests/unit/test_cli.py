"""The command as a process: what it prints, how it ends, and what it hands to the command it runs."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

FAKEKUBE = [sys.executable, "-m", "fakekube"]
KUBECTL = str(Path(sys.executable).with_name("kubectl"))
FREE = ["--port", "0", "--dns-port", "0", "--no-tls"]
POD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: loaded, namespace: default}\ndata: {a: b}\n"


def finished(*args: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*FAKEKUBE, *args], capture_output=True, text=True, timeout=60, check=False, **more)


@contextmanager
def started(*args: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """`fakekube up` and the line it prints when ready."""
    command = [*FAKEKUBE, "up", *FREE, "--output", "json", *args]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            line = process.stdout.readline()
            assert line, process.stderr.read()
            yield process, json.loads(line)
        finally:
            process.kill()


def get(url: str, token: str) -> Any:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_up_answers_once_it_says_so_and_ends_cleanly(number: signal.Signals) -> None:
    with started("--token", "secret") as (process, facts):
        assert get(f"{facts['url']}/version", "secret")["minor"] == "36"
        assert facts["token"] == "secret"
        assert facts["pid"] == process.pid
        kubeconfig = Path(facts["kubeconfig"])
        assert kubeconfig.stat().st_mode & 0o777 == 0o600
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out, err) == (0, "", "")
        assert not kubeconfig.exists()


def test_up_loads_manifests_from_files_folders_and_the_standard_input(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(POD)
    with started("--load", str(tmp_path), "--kubeconfig", str(tmp_path / "config")) as (_, facts):
        assert facts["kubeconfig"] == str(tmp_path / "config")
        url = f"{facts['url']}/api/v1/namespaces/default/configmaps/loaded"
        assert get(url, facts["token"])["data"] == {"a": "b"}
    command = ["run", "--load", "-", "--", KUBECTL, "get", "configmap", "loaded", "-o", "name"]
    assert finished(*command, input=POD).stdout == "configmap/loaded\n"


@pytest.mark.parametrize("option", ["--port", "--dns-port"])
def test_a_taken_port_is_one_line(option: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = finished("up", *FREE, option, port)
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert port in done.stderr
    assert "Address already in use" in done.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [("a: [\n", "bad.yaml, document 1"), ("apiVersion: v1\nkind: Ship\nmetadata: {name: a}\n", "Ship")],
)
def test_a_manifest_that_cannot_be_applied_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    done = finished("up", *FREE, "--load", str(file))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert message in done.stderr


def test_somebody_elses_kubeconfig_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("mine\n")
    done = finished("up", *FREE, "--kubeconfig", str(tmp_path / "config"))
    assert done.returncode == 1
    assert "name another file" in done.stderr
    assert (tmp_path / "config").read_text() == "mine\n"


def test_an_address_that_others_reach_is_warned_of() -> None:
    done = finished("up", *FREE, "--host", "192.0.2.1")  # for documentation: no machine has it, so binding fails
    assert done.returncode == 1
    assert "192.0.2.1 can be reached from other machines" in done.stderr


@pytest.mark.parametrize(
    "wrong", [["--nodes", "-1"], ["--port", "70000"], ["--token", ""], ["--controllers", "none,x"]]
)
def test_wrong_options_are_refused(wrong: list[str]) -> None:
    assert finished("up", *FREE, *wrong).returncode == 2


def test_an_unknown_controller_is_refused() -> None:
    done = finished("up", *FREE, "--controllers", "nosuch")
    assert done.returncode != 0
    assert "nosuch" in done.stderr


def test_colours_are_for_terminals_only() -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen([*FAKEKUBE, "up", *FREE], stdout=theirs) as process:
        os.close(theirs)
        shown = _until(ours, b"Ctrl-C")
        process.terminate()
    os.close(ours)
    assert b"\x1b[" in shown
    with subprocess.Popen([*FAKEKUBE, "up", *FREE], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        shown = _until(process.stdout.fileno(), b"Ctrl-C")
        process.terminate()
    assert b"\x1b[" not in shown
    assert b"export KUBECONFIG=" in shown


def _until(descriptor: int, mark: bytes) -> bytes:
    shown = b""
    while mark not in shown:
        more = os.read(descriptor, 4096)
        assert more, shown
        shown += more
    return shown


def test_run_gives_the_command_a_cluster_and_ends_with_its_status() -> None:
    script = """
import os, sys, urllib.request
assert os.environ["FAKEKUBE_DNS"].startswith("127.0.0.1:"), os.environ["FAKEKUBE_DNS"]
assert os.environ["FAKEKUBE_TOKEN"] in open(os.environ["KUBECONFIG"]).read()
print(urllib.request.urlopen(os.environ["FAKEKUBE_URL"] + "/healthz").read().decode())
sys.exit(7)
"""
    done = finished("run", "--no-tls", "--", sys.executable, "-c", script)
    assert (done.returncode, done.stdout, done.stderr) == (7, "ok\n", "")


def test_run_serves_the_real_kubectl_over_tls() -> None:
    done = finished("run", "--nodes", "1", "--", KUBECTL, "get", "nodes", "-o", "name")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) == 1


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (["no-such-command-anywhere"], 127),
        (["/"], 126),
        ([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], 128 + 9),
    ],
)
def test_run_has_the_status_that_a_shell_would_give(command: list[str], status: int) -> None:
    assert finished("run", "--no-tls", "--", *command).returncode == status


def test_run_passes_signals_on() -> None:
    script = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(9))
print("ready", flush=True)
signal.pause()
"""
    command = [*FAKEKUBE, "run", "--no-tls", "--", sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        assert process.wait(timeout=20) == 9


def test_version_names_both_versions() -> None:
    assert finished("version").stdout == finished("--version").stdout
    assert "(Kubernetes 1.36)" in finished("version").stdout


@pytest.mark.parametrize("module", ["fakekube", "fakekube.cli", "fakekube.pytest_plugin"])
def test_importing_brings_in_nothing_heavy(module: str) -> None:
    script = f"""
import sys, pytest
import {module}
heavy = {{"asyncio", "cryptography", "kubernetes", "orjson", "ssl", "starlette", "uvicorn", "yaml", "fakekube.cluster"}}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
