"""`python -m rag.models.train`: prepare, fit, score and export the small reader."""

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import numpy as np

from rag.errors import RagError, WeightsMissing
from rag.models.train.encode import Encoded, encode
from rag.models.train.sources import read_examples

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)
_SHOWN = 3  # digits of a figure


class _Commands(click.Group):
    """Shows an error of the library as its message, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401
        try:
            return super().invoke(ctx)
        except RagError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Commands)
def main() -> None:
    """Train the small reader: question and passage to an answer and its answerability."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")


@main.command()
@click.argument("data", type=_FOLDER)
@click.argument("out", type=_FILE)
@click.option("--base", type=_FOLDER, required=True, help="Folder of the encoder to start from.")
@click.option("--seed", type=int, default=0, show_default=True)
def prepare(data: Path, out: Path, base: Path, seed: int) -> None:
    """Turn the sets in DATA into token ids, in OUT (.npz)."""
    encoded = encode(read_examples(data), tokenizer_of(base), np.random.default_rng(seed))
    encoded.save(out)
    tokens = float((encoded.lengths * encoded.weights).sum())
    click.echo(f"{len(encoded)} examples, {tokens / 1e6:.1f} million tokens in one pass")


@main.command()
@click.argument("encoded", type=_FILE)
@click.argument("work", type=click.Path(file_okay=False, path_type=Path))
@click.option("--base", type=_FOLDER, required=True, help="Folder of the encoder to start from.")
@click.option("--until", type=click.DateTime(), required=True, help="When to stop, UTC.")
@click.option("--dev", type=_FOLDER, multiple=True, required=True, help="Sets to measure on.")
@click.option("--limit", type=int, default=200, show_default=True, help="Items of each.")
@click.option("--threads", type=int, default=2, show_default=True)
def fit(  # noqa: PLR0913, PLR0917  (one parameter an option)
    encoded: Path, work: Path, base: Path, until: datetime, dev: tuple[Path, ...], limit: int,
    threads: int,
) -> None:  # fmt: skip
    """Train on ENCODED until the time is up, in WORK; go on where an earlier run stopped."""
    import torch  # noqa: PLC0415  (slow)

    from rag.models.train.fit import Plan  # noqa: PLC0415
    from rag.models.train.fit import fit as train  # noqa: PLC0415
    from rag.models.train.measure import read_items  # noqa: PLC0415
    from rag.models.train.reading import figures, read_passages  # noqa: PLC0415

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    work.mkdir(parents=True, exist_ok=True)
    sets = {folder.name: read_items(folder, half="calibrate", limit=limit) for folder in dev}
    tokenizer = tokenizer_of(base)

    def probe(reader: Any) -> tuple[float, Mapping[str, object]]:  # noqa: ANN401
        found = {}
        for name, items in sets.items():
            pairs = [(item.question, item.passage) for item in items]
            with torch.autocast("cpu", torch.bfloat16):
                reads = read_passages(reader, tokenizer, pairs)
            found[name] = rounded(figures(items, reads))
        first = next(iter(found.values()))
        return (first["f1"] + first["auc_sum"]) / 2, found

    plan = Plan(until.replace(tzinfo=UTC).timestamp())
    place = train(base, Encoded.load(encoded), work, plan, probe)
    click.echo(f"stopped after step {place.step}; best score {place.best:.3f}")


@main.command()
@click.argument("trained", type=_FOLDER)
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--base", type=_FOLDER, required=True, help="Folder of the encoder it began from.")
def export(trained: Path, out: Path, base: Path) -> None:
    """Write the reader in TRAINED to OUT with int8 weights."""
    from rag.models.train.export import export as write  # noqa: PLC0415  (slow)
    from rag.models.train.reader import load_reader  # noqa: PLC0415

    size = write(load_reader(trained), base, out)
    click.echo(f"{out}: {size / 1e6:.1f} MB of weights")


@main.command()
@click.argument("trained", type=_FOLDER)
@click.argument("dataset", type=_FOLDER)
@click.option("--base", type=_FOLDER, required=True, help="Folder of the encoder it began from.")
@click.option("--half", type=click.Choice(["calibrate", "report"]), help="Of the set; all of it.")
@click.option("--limit", type=int, help="Items at most.")
@click.option("--window", type=int, default=160, show_default=True, help="Tokens read at once.")
def score(
    trained: Path, dataset: Path, base: Path, half: str | None, limit: int | None, window: int
) -> None:
    """Print, as JSON, how well the reader in TRAINED reads the passages of DATASET.

    `youden_…` is the best that any threshold would reach.
    """
    from rag.models.train.measure import read_items  # noqa: PLC0415  (slow)
    from rag.models.train.reader import load_reader  # noqa: PLC0415
    from rag.models.train.reading import figures, read_passages  # noqa: PLC0415

    items = read_items(dataset, half=half, limit=limit)
    pairs = [(item.question, item.passage) for item in items]
    reads = read_passages(load_reader(trained), tokenizer_of(base), pairs, window)
    click.echo(json.dumps(rounded(figures(items, reads)), indent=1))


def tokenizer_of(folder: Path) -> Any:  # noqa: ANN401  (untyped library)
    """Return the tokenizer in `folder`, without truncation and padding.

    Raises:
        WeightsMissing: If there is none.
    """
    from tokenizers import Tokenizer  # noqa: PLC0415

    path = folder / "tokenizer.json"
    if not path.is_file():
        raise WeightsMissing(f"{path} is missing; fetch the encoder again")
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def rounded(figures: Mapping[str, float]) -> dict[str, float]:
    """Return `figures` with as many digits as a person reads."""
    return {name: round(value, _SHOWN) for name, value in figures.items()}


if __name__ == "__main__":
    main(prog_name="python -m rag.models.train")
