"""`python -m indexes schedule | watch`: parse, and run one loop until it is stopped."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from indexes.timing.loops import Running


def _running(command: Callable[..., None]) -> Callable[..., None]:
    """Add --jobs, --metrics and --config, and hand on what they make."""

    @click.option("--jobs", type=click.IntRange(1, 64), default=1, help="Rebuilds at a time.")
    @click.option(
        "--metrics",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Metrics file, written after each run.  [default: metrics.prom in the home folder]",
    )
    @click.option(
        "--config",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Settings file.  [default: ./rag.toml if it exists]",
    )
    @wraps(command)
    def with_running(
        *, jobs: int, metrics: Path | None, config: Path | None, **options: object
    ) -> None:
        from indexes.timing.loops import Running
        from rag.settings import Settings
        from rag.terminal import safe

        settings = Settings.load(config)
        path = metrics or settings.home / "metrics.prom"
        running = Running(settings, config, jobs, path, lambda line: click.echo(safe(line)))
        command(running=running, **options)

    return with_running


@click.command()
@click.option("--now", "now_if_new", is_flag=True, help="Run at once what has never run.")
@_running
def schedule(*, now_if_new: bool, running: "Running") -> None:
    """Run every recipe that has a schedule when it is due, until stopped."""
    from indexes.timing.loops import run_schedule

    run_schedule(running, now_if_new=now_if_new)


@click.command()
@click.argument("names", nargs=-1)
@_running
def watch(*, names: tuple[str, ...], running: "Running") -> None:
    """Rebuild NAMES when their files change (default: every recipe with `watch = true`)."""
    from indexes.timing.loops import run_watch

    run_watch(running, names)
