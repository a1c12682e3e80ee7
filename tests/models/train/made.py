"""A small set to train on, in the words of the tiny tokenizer."""

import gzip
import json
from pathlib import Path

PLACES = ("paris", "london")
PETS = ("cat", "dog")


def reader_rows() -> list[dict[str, object]]:
    """Return questions whose answer is the place a pet is in, and some without an answer."""
    rows: list[dict[str, object]] = []
    for pet in PETS:
        for place in PLACES:
            passage = f"the {pet} sat in {place}"
            found = {"text": place, "start": passage.index(place)}
            rows.append(_row(f"where is the {pet}?", passage, [found]))
            other = next(name for name in PETS if name != pet)
            rows.append(_row(f"where is the {other}?", passage, []))
    return rows


def write_training_set(folder: Path, rows: list[dict[str, object]] | None = None) -> Path:
    """Write reader and relevance sets into `folder`, as `.jsonl.gz`."""
    folder.mkdir(parents=True, exist_ok=True)
    write_lines(folder / "reader-unansq-twins.jsonl.gz", rows or reader_rows())
    compared = {
        "question": "where is the cat?",
        "positive": ["the cat sat in paris"],
        "negative": ["a dog ran on a mat", "the dog is in london"],
    }
    write_lines(folder / "relevance-selqa.jsonl.gz", [compared])
    return folder


def write_question_set(folder: Path, copies: int = 6) -> Path:
    """Write the same questions as a question set with a scope, some times over."""
    folder.mkdir(parents=True, exist_ok=True)
    corpus, queries = [], []
    for number, row in enumerate(reader_rows() * copies):
        corpus.append({"_id": f"p{number}", "title": "", "text": row["context"]})
        answers = [answer["text"] for answer in row["answers"]] or [""]
        about = {"answers": answers, "answerable": row["answerable"], "scope": [f"p{number}"]}
        queries.append({"_id": f"q{number}", "text": row["question"], "metadata": about})
    for name, rows in (("corpus", corpus), ("queries", queries)):
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    return folder


def write_lines(path: Path, rows: list[dict[str, object]]) -> None:
    """Write `rows` as gzipped JSON lines."""
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)


def _row(question: str, passage: str, answers: list[dict[str, object]]) -> dict[str, object]:
    return {
        "question": question, "context": passage, "answers": answers, "answerable": bool(answers)
    }  # fmt: skip
