"""The command `rag eval compare`: read two runs, hold one against the other, print."""

import json
from pathlib import Path
from typing import Any

import click


@click.command("compare")
@click.argument("first", metavar="A", type=click.Path(path_type=Path))
@click.argument("second", metavar="B", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    help="Write a page into this folder: index.html, report.md, compare.json.",
)
def command(*, first: Path, second: Path, as_json: bool, report: Path | None) -> None:
    """Compare run B with run A, question by question.

    Each is a file that `rag eval SET --out` wrote, or a folder of its --report.
    """
    from rag.evaluate.compare import compare
    from rag.evaluate.report.compared import (
        html_of_comparison,
        markdown_of_comparison,
        terminal_lines,
    )
    from rag.evaluate.report.page import check_folder, write_files
    from rag.evaluate.saved import read_run

    if report is not None:
        check_folder(report)
    found = compare(read_run(first), read_run(second))
    text = json.dumps(found.to_dict(), ensure_ascii=False, indent=2)
    if report is not None:
        pages = {
            "index.html": html_of_comparison(found),
            "report.md": markdown_of_comparison(found),
            "compare.json": text + "\n",
        }
        write_files(report, pages)
    for line in [text] if as_json else terminal_lines(found):
        click.echo(line if as_json else "".join(c if c.isprintable() else "?" for c in line))


class EvalCommand(click.Command):
    """`rag eval SET`, and `rag eval compare A B`: a set called compare is `./compare`."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,  # noqa: ANN401  (what click hands on)
    ) -> click.Context:
        """Return the context of this command, or of the comparison when that is asked for."""
        if args[:1] == [command.name]:
            return command.make_context(f"{info_name} {command.name}", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  (as click has it)
        """Run what the context is of."""
        return super().invoke(ctx) if ctx.command is self else ctx.command.invoke(ctx)
