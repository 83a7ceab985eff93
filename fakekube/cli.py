"""The command line: `fakekube up`, `fakekube run -- COMMAND`, `fakekube version`.

Only click is imported at first; a cluster and its event loop come in when a command needs them, so that help is
instant and the start short.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fakekube import __version__
from fakekube.settings import CLOCKS, KUBERNETES_VERSION, LOCALHOST, Settings

if TYPE_CHECKING:
    from asyncio.subprocess import Process

    from fakekube.cluster import Cluster

F = TypeVar("F", bound=Callable[..., Any])
COLLECTED_FROM = (50_000, 20, 100)
"""Objects made before cycles among them are looked for. Few are made here, and each search goes over all that is kept:
at Python's own thresholds it costs a third of the time in which ten thousand pods come to run."""

ENDING = (signal.SIGTERM, signal.SIGINT)
PASSED_ON = (*ENDING, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
FROM_KEYBOARD = (signal.SIGINT, signal.SIGQUIT)
NOT_FOUND, NOT_EXECUTABLE, KILLED = 127, 126, 128  # exit statuses as a shell gives them


def cluster_options(port: int, dns_port: int) -> Callable[[F], F]:
    """The options of a cluster, with these ports unless others are asked for."""
    file = click.Path(path_type=Path)
    source = click.Path(exists=True, allow_dash=True)
    options = (
        click.option("--host", default=LOCALHOST, show_default=True, help="Address to listen on."),
        click.option("--port", default=port, show_default=True, help="Port of the API; 0 takes a free one."),
        click.option("--dns-port", default=dns_port, show_default=True, help="Port of the DNS server; 0: a free one."),
        click.option("--nodes", default=3, show_default=True, help="How many nodes the cluster has."),
        click.option("--token", help="Bearer token of the administrator.  [default: made up]"),
        click.option("--tls/--no-tls", default=True, show_default=True, help="HTTPS or plain HTTP."),
        click.option("--kubeconfig", type=file, help="Where to write the kubeconfig.  [default: a temporary file]"),
        click.option("--load", multiple=True, type=source, help="Manifests to apply at the start; may be repeated."),
        click.option("--stages", multiple=True, type=source, help="Stages of KWOK to play; may be repeated."),
        click.option("--stages-crd", is_flag=True, help="Define Stage, so that stages can be applied to the API."),
        click.option(
            "--controllers",
            default="all",
            show_default=True,
            help="all, none, or names with commas; -NAME is left out.",
        ),
        click.option("--load-balancers", default="", metavar="RANGES", help="Addresses for LoadBalancer Services."),
        click.option("--provisioners", default="", metavar="NAMES", help="Whose volumes are made; * is all."),
        click.option("--clock", type=click.Choice(CLOCKS), default="wall", show_default=True, help="Whose time it is."),
        click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True),
    )

    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message=f"fakekube %(version)s (Kubernetes {KUBERNETES_VERSION})")
def main() -> None:
    """A Kubernetes control plane for tests, in one process."""


@main.command()
def version() -> None:
    """Print the version of fakekube and of the Kubernetes it serves."""
    click.echo(f"fakekube {__version__} (Kubernetes {KUBERNETES_VERSION})")


@main.command()
@cluster_options(port=6443, dns_port=10053)
def up(output: str, **options: Any) -> None:
    """Start a cluster and serve it until SIGTERM or Ctrl-C."""
    settings = _settings(options)
    show = _show_json if output == "json" else _show_text
    sys.exit(_run_loop(_serve(settings, show)))


@main.command(context_settings={"allow_interspersed_args": False})
@cluster_options(port=0, dns_port=0)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(output: str, command: tuple[str, ...], **options: Any) -> None:
    """Run COMMAND beside a cluster of its own and exit with its status.

    COMMAND finds the cluster by KUBECONFIG, FAKEKUBE_URL, FAKEKUBE_TOKEN and FAKEKUBE_DNS in its environment.
    """
    settings = _settings(options)
    show = _show_json if output == "json" else _show_nothing
    sys.exit(_run_loop(_serve_command(settings, command, show)))


def _settings(options: dict[str, Any]) -> Settings:
    """The options as Settings, with a warning if others could reach the cluster."""
    try:
        settings = Settings(**options)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if not _is_loopback(settings.host):
        warning = f"warning: {settings.host} can be reached from other machines; whoever has the token is administrator"
        click.secho(warning, fg="yellow", err=True)
    return settings


def _is_loopback(host: str) -> bool:
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _run_loop(work: Coroutine[Any, Any, int]) -> int:
    import asyncio

    try:
        import uvloop
    except ImportError:  # not on this platform
        make_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    else:
        make_loop = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=make_loop) as runner:
        return runner.run(work)


@asynccontextmanager
async def _started(settings: Settings) -> AsyncIterator[Cluster]:
    """A running cluster, stopped at the end; what keeps it from starting is one line for the user."""
    gc.disable()  # all that is made while starting stays until the end
    from fakekube.cluster import Cluster
    from fakekube.core.errors import StatusError
    from fakekube.manifests import ManifestError

    cluster = Cluster(settings)
    try:
        try:
            await cluster.start()
        except (OSError, ManifestError, StatusError, ValueError) as error:
            raise click.ClickException(_reason(error)) from error
        gc.freeze()
        gc.set_threshold(*COLLECTED_FROM)
        gc.enable()
        yield cluster
    finally:
        await cluster.stop()


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


async def _serve(settings: Settings, show: Callable[[Cluster], None]) -> int:
    import asyncio

    stopping = asyncio.Event()
    for number in ENDING:
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with _started(settings) as cluster:
        show(cluster)
        await stopping.wait()
    return 0


async def _serve_command(settings: Settings, command: tuple[str, ...], show: Callable[[Cluster], None]) -> int:
    relay = Relay()
    async with _started(settings) as cluster:
        show(cluster)
        return await relay.run(command, os.environ | _environment(cluster))


class Relay:
    """Passes the signals of this process on to the command that runs in its place."""

    def __init__(self) -> None:
        import asyncio

        self._child: Process | None = None
        self._early: signal.Signals | None = None
        for number in PASSED_ON:
            asyncio.get_running_loop().add_signal_handler(number, self._pass_on, number)

    async def run(self, command: tuple[str, ...], environment: dict[str, str]) -> int:
        """The exit status of the command, as a shell would give it."""
        import asyncio

        if self._early is not None:
            return KILLED + self._early
        try:
            self._child = await asyncio.create_subprocess_exec(*command, env=environment)
        except OSError as error:
            click.echo(f"Error: {command[0]}: {error.strerror}", err=True)
            return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
        status = await self._child.wait()
        return status if status >= 0 else KILLED - status

    def _pass_on(self, number: signal.Signals) -> None:
        if self._child is None:
            self._early = number
        elif self._child.returncode is None and not (number in FROM_KEYBOARD and _in_foreground()):
            self._child.send_signal(number)


def _in_foreground() -> bool:
    """Whether a key's signal came from the terminal, which has then sent it to the command as well."""
    try:
        return sys.stdin.isatty() and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):
        return False


def _address(cluster: Cluster) -> str | None:
    if cluster.dns_address is None:
        return None
    host, port = cluster.dns_address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _environment(cluster: Cluster) -> dict[str, str]:
    return {
        "KUBECONFIG": str(cluster.kubeconfig),
        "FAKEKUBE_URL": cluster.url,
        "FAKEKUBE_TOKEN": cluster.token,
        "FAKEKUBE_DNS": _address(cluster) or "",
    }


def _show_json(cluster: Cluster) -> None:
    """One line, for programs; it is written when the cluster answers."""
    facts = {
        "url": cluster.url,
        "kubeconfig": str(cluster.kubeconfig),
        "dns": _address(cluster),
        "token": cluster.token,
        "pid": os.getpid(),
        "version": __version__,
        "kubernetesVersion": KUBERNETES_VERSION,
    }
    click.echo(json.dumps(facts))


def _show_text(cluster: Cluster) -> None:
    click.echo(f"{click.style('fakekube', bold=True)} {__version__} serves Kubernetes {KUBERNETES_VERSION}\n")
    rows = [("API", cluster.url), ("kubeconfig", str(cluster.kubeconfig))]
    commands = [f"export KUBECONFIG={cluster.kubeconfig}", "kubectl get all --all-namespaces"]
    if cluster.dns_address is not None:
        host, port = cluster.dns_address
        rows.append(("DNS", f"{_address(cluster)} (UDP and TCP)"))
        commands.append(f"dig @{host} -p {port} kubernetes.default.svc.cluster.local")
    for label, value in rows:
        click.echo(f"  {label:<11} {click.style(value, fg='cyan')}")
    click.echo("\nTry:")
    for command in commands:
        click.echo(f"  {click.style(command, fg='green')}")
    click.echo("\nCtrl-C ends it.")


def _show_nothing(cluster: Cluster) -> None:
    """The output is the command's alone."""
