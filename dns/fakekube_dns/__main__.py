"""The DNS server beside any cluster: `python -m fakekube_dns --kubeconfig FILE --port 1053`."""

from __future__ import annotations

import asyncio
import logging
import signal
from dataclasses import replace
from typing import Any, Final

import click

from fakekube_dns.profile import COREDNS, KUBEADM, Profile
from fakekube_dns.resolve import Resolver
from fakekube_dns.server import DNSServer, Upstream
from fakekube_dns.upstream import Forwarder, server_from, servers_of
from fakekube_dns.watching import WatchingView, client_from

PROFILES: Final = {"kubeadm": KUBEADM, "coredns": COREDNS}
STARTUP_SECONDS: Final = 5.0  # then it serves what it knows, and SERVFAIL for the rest


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--kubeconfig", type=click.Path(dir_okay=False), help="The cluster's kubeconfig; by default kubectl's.")
@click.option("--context", help="The context in it; by default its current one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to serve on.")
@click.option(
    "--port", default=0, show_default="any free one", type=click.IntRange(0, 65535), help="The port, UDP and TCP."
)
@click.option("--profile", "base", type=click.Choice(list(PROFILES)), default="kubeadm", show_default=True)
@click.option("--zone", default="cluster.local", show_default=True, help="The cluster's domain.")
@click.option(
    "--ttl", type=click.IntRange(0, 3600), help="Seconds for which answers may be kept; by default the profile's."
)
@click.option("--pods", type=click.Choice(["disabled", "insecure", "verified"]), help="How pod names are answered.")
@click.option("--transfer", is_flag=True, help="Allow zone transfers over TCP.")
@click.option(
    "--upstream",
    metavar="ADDRESS[:PORT]|FILE",
    multiple=True,
    help="A name server for all other names, or a resolv.conf that lists some. Without any, other names are refused.",
)
@click.option("-v", "--verbose", is_flag=True, help="Log what happens.")
def main(
    kubeconfig: str | None,
    context: str | None,
    host: str,
    port: int,
    base: str,
    zone: str,
    ttl: int | None,
    pods: Any,
    transfer: bool,
    upstream: tuple[str, ...],
    verbose: bool,
) -> None:
    """Answer DNS queries about the Services and Pods of a Kubernetes cluster as CoreDNS would."""
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING)
    profile = PROFILES[base]
    zones = (zone, *profile.zones[1:])
    ttl, pods = profile.ttl if ttl is None else ttl, pods or profile.pods
    profile = replace(profile, zones=zones, ttl=ttl, pods=pods, transfer=transfer)
    try:
        client = client_from(kubeconfig, context)
    except Exception as reason:  # a file or a context that is not there, or of no use
        raise click.ClickException(str(reason)) from reason
    with WatchingView(client, pods=profile.pods == "verified") as view:
        if not view.wait_synced(STARTUP_SECONDS):
            click.echo("the cluster has not been read yet: serving what is known", err=True)
        asyncio.run(serve(view, profile, host, port, _forwarder(upstream)))


async def serve(view: WatchingView, profile: Profile, host: str, port: int, upstream: Upstream | None) -> None:
    """Serve until told to end."""
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    resolver = Resolver(view, profile, server_addresses=(_own_address(host),), forwards=upstream is not None)
    async with DNSServer(resolver, host, port, upstream=upstream) as server:
        click.echo(f"DNS of {profile.zones[0]} on {server.host}:{server.port} (UDP and TCP)")
        await told.wait()


def _forwarder(upstream: tuple[str, ...]) -> Forwarder | None:
    servers = [server for text in upstream for server in (servers_of(text) if "/" in text else [server_from(text)])]
    return Forwarder(servers) if servers else None


def _own_address(host: str) -> str:
    """The address that the name server's own name gets."""
    loopback = {"0.0.0.0": "127.0.0.1", "localhost": "127.0.0.1", "::": "::1"}
    return loopback.get(host, host)


if __name__ == "__main__":
    main()
