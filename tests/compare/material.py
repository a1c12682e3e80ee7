"""What every system reads: the corpus of a set as one file of plain texts."""

import json
from importlib.resources import as_file, files
from pathlib import Path

from rag.corpus.load import FileLoader, Found, walk
from rag.evaluate.datasets import QuestionSet


def sample() -> QuestionSet:
    """Return the project's own sample corpus and its questions."""
    with as_file(files("indexes.sample")) as folder:
        return QuestionSet.read(folder)


def plain(questions: QuestionSet) -> dict[str, tuple[str, str]]:
    """Return document id to title and text; files are read by Quotewell, for all systems alike."""
    if questions.corpus.suffix == ".jsonl":
        return {row["_id"]: (row["title"], row["text"]) for row in questions.readable()}
    found = [item for item in walk([questions.corpus]) if isinstance(item, Found)]
    texts: dict[str, tuple[str, str]] = {}
    with FileLoader() as loader:
        for loaded in loader.read_all(found):
            for document in loaded.documents:  # the sheets of a workbook come as several
                for id_ in questions.ids_of([document.source]):
                    title, text = texts.get(id_, (document.title, ""))
                    texts[id_] = title, f"{text}\n\n{document.text}" if text else document.text
    return texts


def write_corpus(texts: dict[str, tuple[str, str]], path: Path) -> None:
    """Write documents as lines of `_id`, `title` and `text`."""
    with path.open("w", encoding="utf-8") as out:
        for id_, (title, text) in texts.items():
            row = {"_id": id_, "title": title, "text": text}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
