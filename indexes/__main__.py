"""`python -m indexes`: the commands of the shelf, which `rag` has too."""

import click

from indexes.commands.making import (
    diff_command,
    prune_command,
    publish_command,
    rebuild_command,
    rollback_command,
)
from indexes.commands.status import history, list_, metrics
from indexes.commands.timing import schedule, watch
from rag.__main__ import run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Which indexes exist, how each is made, which build of it is live."""


for command in (
    rebuild_command,
    publish_command,
    rollback_command,
    diff_command,
    prune_command,
    list_,
    history,
    metrics,
    schedule,
    watch,
):
    cli.add_command(command)


def main() -> None:
    """Run a command; every expected failure is one sentence on stderr."""
    run(cli)


if __name__ == "__main__":
    main()
