"""Make the sample's binary documents from their readable sources.

Run by hand after a source changed, from the root of the repository:

    python -m indexes.sample.make_documents

`sources/fleet/refit.docx.md` becomes `corpus/fleet/refit.docx`. The same source gives the
same bytes, so a run without a change leaves nothing to commit.
"""

from collections.abc import Callable
from pathlib import Path

import click

from indexes.sample.outline import Outline, read_outline
from indexes.sample.write_markup import write_epub, write_odt, write_rtf
from indexes.sample.write_office import write_docx, write_pptx, write_xlsx
from indexes.sample.write_pdf import write_pdf

HERE = Path(__file__).parent

WRITERS: dict[str, Callable[[Outline, Path], None]] = {
    ".docx": write_docx,
    ".epub": write_epub,
    ".odt": write_odt,
    ".pdf": write_pdf,
    ".pptx": write_pptx,
    ".rtf": write_rtf,
    ".xlsx": write_xlsx,
}


def make_documents(sources: Path, documents: Path) -> list[Path]:
    """Write every source's document and return the paths written, sorted.

    Raises:
        ValueError: If a source cannot be read, or its name asks for a format without a writer.
    """
    made: list[Path] = []
    for source in sorted(sources.rglob("*.md")):
        target = documents / source.relative_to(sources).with_suffix("")
        if target.suffix not in WRITERS:
            known = ", ".join(sorted(WRITERS))
            raise ValueError(f"{source}: name it after one of {known}, such as refit.docx.md")
        target.parent.mkdir(parents=True, exist_ok=True)
        WRITERS[target.suffix](read_outline(source), target)
        made.append(target)
    return made


@click.command()
@click.option(
    "--documents",
    type=click.Path(path_type=Path, file_okay=False),
    default=HERE / "corpus",
    help="Folder to write to; the sample's own by default.",
)
def main(documents: Path) -> None:
    """Write the binary documents and print where they are."""
    for path in make_documents(HERE / "sources", documents):
        click.echo(f"{path}  {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
