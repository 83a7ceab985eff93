"""The command line: which server, which checks, and how the outcome is told."""

from __future__ import annotations

import sys
import time

import click

from fakekube_conformance import reports
from fakekube_conformance.capabilities import PROBES
from fakekube_conformance.catalog import Check, chosen
from fakekube_conformance.runner import Outcome, leftovers, run, worst
from fakekube_conformance.session import Session
from fakekube_conformance.wire import Server

TIDY_SECONDS = 60.0


def _show(checks: tuple[Check, ...]) -> None:
    for each in checks:
        needs = f" [needs {', '.join(each.needs)}]" if each.needs else ""
        click.echo(f"{each.id}: {each.sentence}{needs}")


def _tell(outcome: Outcome) -> None:
    click.echo(reports.line(outcome))


def _address(context: click.Context, option: click.Parameter, value: str | None) -> tuple[str, int] | None:
    """HOST:PORT as a pair."""
    if value is None:
        return None
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit():
        raise click.BadParameter("say HOST:PORT")
    return host.strip("[]"), int(port)


@click.command(help="Check the promises of the Kubernetes API at URL, such as https://127.0.0.1:6443.")
@click.argument("url", required=False)
@click.option("--token", envvar="CONFORMANCE_TOKEN", help="Bearer token of an administrator [or CONFORMANCE_TOKEN].")
@click.option("--ca", type=click.Path(exists=True, dir_okay=False), help="File with the server's CA certificates.")
@click.option("--insecure", is_flag=True, help="Do not check the server's certificate.")
@click.option("--only", multiple=True, metavar="TOPIC", help="A topic, a check (topic/name) or words of a sentence.")
@click.option("--without", multiple=True, type=click.Choice(list(PROBES)), help="Take the server as one without this.")
@click.option("--dns", metavar="HOST:PORT", callback=_address, help="Where the cluster's DNS listens (UDP).")
@click.option("--jobs", type=click.IntRange(1, 64), default=4, show_default=True, help="Checks at a time.")
@click.option("--list", "listing", is_flag=True, help="Name the checks instead of running them.")
@click.option("--output", type=click.Choice(["text", "json", "junit"]), default="text", show_default=True)
def main(
    url: str | None,
    token: str | None,
    ca: str | None,
    insecure: bool,
    only: tuple[str, ...],
    without: tuple[str, ...],
    dns: tuple[str, int] | None,
    jobs: int,
    listing: bool,
    output: str,
) -> None:
    """See the command's help."""
    try:
        checks = chosen(only)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--only") from None
    if listing:
        return _show(checks)
    if url is None:
        raise click.UsageError("Missing argument 'URL'.")
    session, begin = Session(Server(url, token, ca, insecure), frozenset(without), dns), time.monotonic()
    _greet(session, url)
    outcomes = run(checks, session, jobs, _tell if output == "text" else lambda outcome: None)
    seconds = time.monotonic() - begin
    if output != "text":
        click.echo(reports.as_json(outcomes, seconds) if output == "json" else reports.as_junit(outcomes, seconds))
    click.echo(reports.summary(outcomes, seconds), err=output != "text")
    _tidy(session)
    session.close()
    sys.exit(worst(outcomes))


def _tidy(session: Session) -> None:
    """Wait until the namespaces of the run are gone, or say which are not."""
    try:
        left = leftovers(session, TIDY_SECONDS)
    except OSError as error:
        click.echo(f"the server does not answer any more: {error}", err=True)
        return
    if left:
        click.echo(f"still being deleted: {', '.join(left)}", err=True)


def _greet(session: Session, url: str) -> None:
    """Stop before the first check where nobody answers, or does not let us in."""
    try:
        client = session.client
        answer = client.send("GET", client.path("/api/v1/namespaces", {}), None, client.headers({}))
    except OSError as error:
        raise click.ClickException(f"{url} does not answer: {error}") from None
    if answer.status != 200:
        raise click.ClickException(f"{url} answers {answer.status} to a list of namespaces: {answer.text[:300]}")
    click.echo(f"{url} is {session.version}", err=True)
