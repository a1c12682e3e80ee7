"""The options that commands share, and what they make of them: the settings, and JSON or words."""

from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path

import click

from rag.settings import Settings

_index = click.option("--index", "-i", help="Name of the index.")
_config = click.option("--config", type=click.Path(path_type=Path), help="Settings file (TOML).")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
Command = Callable[..., None]


def shared(command: Command) -> Command:
    """Add --index, --config and --json, and hand on `settings` and `as_json`."""

    @_index
    @_config
    @_json
    @wraps(command)
    def with_settings(*, index: str | None, config: Path | None, **options: object) -> None:
        command(settings=Settings.load(config, overrides={"index": index}), **options)

    return with_settings


def shared_but_index(command: Command) -> Command:
    """Add --config and --json, for a command that takes the index's name as an argument."""

    @_config
    @_json
    @wraps(command)
    def with_settings(*, config: Path | None, **options: object) -> None:
        command(settings=Settings.load(config), **options)

    return with_settings


def changed(settings: Settings, flags: Mapping[str, object]) -> Settings:
    """Return `settings` with those of `flags`, by dotted key, that were given.

    Raises:
        SettingsError: Naming the key, the value and what is allowed.
    """
    return settings.with_values({key: value for key, value in flags.items() if value is not None})
