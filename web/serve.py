"""The command `rag serve`: open the index, warm the models, answer on one address."""

import ipaddress
import socket
from pathlib import Path

import click
from waitress import create_server

from indexes.status.shelf import Shelves
from rag.assemble import Rag
from rag.settings import Settings, WebSettings
from web import create_app
from web.provider import Provider
from web.security import LOOPBACK_NAMES

_LARGEST_BODY = 1024 * 1024
"""Bytes the server takes in; the application refuses more than 64 KB of it with a sentence."""
_WILDCARDS = {"0.0.0.0", "::"}  # noqa: S104  (compared with, not bound to)


@click.command()
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on.  [default: 8321]")
@click.option("--index", "-i", help="Name of the index.  [default: default]")
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Settings file.  [default: ./rag.toml if it exists]",
)
@click.option("--allow-remote", is_flag=True, help="Let other machines in. There is no login yet.")
@click.option(
    "--name", "names", multiple=True, help="Host name under which other machines reach the page."
)
def serve(
    *,
    host: str | None,
    port: int | None,
    index: str | None,
    config: Path | None,
    allow_remote: bool,
    names: tuple[str, ...],
) -> None:
    """Serve the page on this machine."""
    overrides = {"web.host": host, "web.port": port, "index": index}
    settings = Settings.load(config, overrides=overrides)
    hosts = allowed_names(settings.web.host, names, allow_remote=allow_remote)
    with Rag.follow(settings=settings) as live:
        run(live, settings.web, hosts, Shelves(settings))


def allowed_names(host: str, names: tuple[str, ...], *, allow_remote: bool) -> tuple[str, ...]:
    """Return the host names a browser may use, after checking that `host` is safe to bind.

    Raises:
        click.UsageError: If other machines could reach `host` and nobody asked for that.
    """
    if _is_loopback(host):
        return (*LOOPBACK_NAMES, host, *names)
    if not allow_remote:
        raise click.UsageError(
            f"{host} can be reached from other machines and there is no login yet; "
            "leave --host out, or add --allow-remote if everyone who can connect may read "
            "every indexed document"
        )
    if host in _WILDCARDS and not names:
        raise click.UsageError(
            f"{host} listens on every address; say with --name under which host name or "
            "address browsers reach this machine"
        )
    click.echo(
        "Warning: there is no login yet. Whoever can connect reads every document.", err=True
    )
    return (*LOOPBACK_NAMES, host, *names)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def run(
    provider: Provider,
    web: WebSettings,
    hosts: tuple[str, ...],
    shelves: Shelves | None = None,
) -> None:
    """Answer until interrupted.

    Raises:
        click.ClickException: If the address cannot be listened on.
    """
    with _listening(web.host, web.port) as listener:
        server = create_server(
            create_app(provider, hosts=hosts, shelves=shelves),
            sockets=[listener],
            threads=web.threads,
            max_request_body_size=_LARGEST_BODY,
            ident=None,
        )
        shown = f"[{web.host}]" if ":" in web.host else web.host
        click.echo(f"Quotewell answers at http://{shown}:{web.port}/ (Ctrl+C stops it)")
        try:
            server.run()
        finally:
            server.close()


def _listening(host: str, port: int) -> socket.socket:
    # Bound here, because waitress leaves its sockets open when an address is taken.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on {host}, port {port}: {error.strerror or error}; "
            "another program may use it, try --port"
        ) from None
