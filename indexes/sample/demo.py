"""From nothing to three answers: `make demo`, or `python -m indexes.sample.demo`."""

import sys

import click

from indexes.sample import folder
from rag import Rag, RagError, Settings
from rag.models.registry import Registry
from rag.terminal import answer_lines, bar, report_lines

INDEX = "sample"
QUESTIONS = (
    "How long is the sealed fuel sample kept by the buyer?",
    "How many days of annual leave do full-time staff have?",
    "How much does a helicopter flight to Ulsay cost?",
)


def main() -> None:
    """Fetch the weights, index the sample corpus, answer three questions, say what is next."""
    settings = Settings.load()
    registry = Registry.load(settings.models)
    click.echo(f"Models (checked, kept in {settings.models}):")
    for name in registry.names():
        registry.fetch(name)
        click.echo(f"  {name}")
    click.echo("\nThe sample corpus, the papers of an invented ferry company:")
    with bar(quiet=False) as show:
        report = Rag.ingest([folder() / "corpus"], INDEX, settings=settings, progress=show)
    for line in report_lines(report):
        click.echo(f"  {line}")
    with Rag.open(INDEX, settings=settings) as rag:
        for question in QUESTIONS:
            click.echo(f"\n> {question}\n")
            for line in answer_lines(rag.ask(question)):
                click.echo(line)
    click.echo(
        "\nNext:\n"
        f"  .venv/bin/rag serve --index {INDEX}      the page, on http://127.0.0.1:8321\n"
        f'  .venv/bin/rag ask "..." --index {INDEX}  your own question\n'
        "  .venv/bin/rag ingest FOLDER --index NAME   your own documents"
    )


if __name__ == "__main__":
    try:
        main()
    except RagError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
