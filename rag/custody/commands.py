"""The commands that keep promises to whose documents these are: parse, call, print."""

import json
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rag.settings import Settings
from rag.terminal import safe

if TYPE_CHECKING:  # `rag --help` loads this module and must stay quick
    from rag.custody.recheck import Rechecked
    from rag.index.layout import IndexFolder


def _common(command: Callable[..., None]) -> Callable[..., None]:
    """Add --index, --config and --json, and hand on the settings they make."""

    @click.option("--index", "-i", help="Name of the index.")
    @click.option("--config", type=click.Path(path_type=Path), help="Settings file (TOML).")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    @wraps(command)
    def with_settings(*, index: str | None, config: Path | None, **options: object) -> None:
        command(settings=Settings.load(config, overrides={"index": index}), **options)

    return with_settings


def _folder(settings: Settings) -> "IndexFolder":
    from rag.index.layout import IndexFolder

    return IndexFolder.named(settings.indexes, settings.index)


@click.command("recheck")
@click.argument("receipt", type=click.Path(path_type=Path))
@_common
def recheck_command(receipt: Path, *, settings: Settings, as_json: bool) -> None:
    """Say which quotes of RECEIPT still stand in an index, which moved, and which are gone.

    Exit code 1 if one is gone.
    """
    from rag.custody.receipt import read_receipt
    from rag.custody.recheck import Standing, recheck

    saved = read_receipt(receipt)
    found = recheck(saved, _folder(settings))
    if as_json:
        click.echo(json.dumps([one.to_dict() for one in found], ensure_ascii=False, indent=2))
    else:
        for line in _recheck_lines(found):
            click.echo(line)
    if any(one.standing is Standing.GONE for one in found):
        sys.exit(1)


def _recheck_lines(found: "list[Rechecked]") -> list[str]:
    if not found:
        return ["the answer had no quote, so there is nothing to check"]
    lines: list[str] = []
    for one in found:
        was, now = one.quoted, one.place
        line = f"{one.standing.value:6} {safe(was.source)} {was.start}-{was.end}"
        if now is not None and (now.source, now.start) != (was.source, was.start):
            line += f" -> {safe(now.source)} {now.start}-{now.end}"
        lines += [line, f'       "{safe(was.quote)}"']
        if one.nearest is not None:
            near = one.nearest
            place = f"{safe(near.source)} {near.start}-{near.end}"
            lines.append(f'       nearest: {place} "{safe(near.text)}"')
    return lines
