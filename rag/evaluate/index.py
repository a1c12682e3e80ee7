"""The index of a set, built once: its name is a hash of what went into it.

<home>/indexes/eval-<hash>/      the index, like any other
<home>/eval/eval-<hash>/         the corpus as the pipeline may see it, while it is read
<home>/eval/eval-<hash>.json     how long that took
"""

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from rag.errors import LoadError
from rag.evaluate.datasets import QuestionSet, corpus_digest
from rag.index.layout import IndexFolder
from rag.ingest import Ingester, Progress


@dataclass(frozen=True, slots=True)
class Built:
    """An index that was made for a set, and what making it took, in seconds."""

    name: str
    chunks: int
    documents: int
    embedded: int
    seconds: float


def build_once(
    questions: QuestionSet, ingester: Ingester, folder: Path, progress: Progress, *, fresh: bool
) -> Built:
    """Return the index over the corpus of `questions`, ingesting it if that is new.

    Args:
        questions: The set.
        ingester: Finished parts, of any index.
        folder: Where the harness keeps its own files.
        progress: Told how far the ingest is.
        fresh: Build again what is there.

    Raises:
        LoadError: If nothing in the corpus could be read.
    """
    name = index_name(questions, ingester)
    index = IndexFolder.named(ingester.folder.root.parent, name)
    record = folder / f"{name}.json"
    if record.exists() and index.live.exists() and not fresh:
        return Built(**json.loads(record.read_text(encoding="utf-8")))
    if fresh and index.root.exists():
        shutil.rmtree(index.root)
    corpus = _visible(questions, folder / name)
    report = replace(ingester, folder=index).ingest([corpus], progress)
    built = Built(name, report.chunks, report.documents, report.embedded, report.seconds)
    record.write_text(json.dumps(asdict(built)), encoding="utf-8")
    shutil.rmtree(folder / name)
    return built


def index_name(questions: QuestionSet, ingester: Ingester) -> str:
    """Return a name that is equal exactly when the same build would come out."""
    parts = (
        corpus_digest(questions.corpus),
        ingester.splitter.fingerprint,
        ingester.embedder.fingerprint,
        code_digest("rag.corpus"),
        code_digest("rag.index"),
    )
    return f"eval-{hashlib.sha256(repr(parts).encode()).hexdigest()[:16]}"


def code_digest(package: str) -> str:
    """Return a hash of a package's sources, so that a change of code is not measured by old data.

    Args:
        package: An importable package, such as `rag`.
    """
    digest = hashlib.sha256()
    for path, data in sorted(_sources(files(package), "")):
        digest.update(f"{path}\0".encode() + hashlib.sha256(data).digest())
    return digest.hexdigest()


def _sources(folder: Traversable, above: str) -> list[tuple[str, bytes]]:
    found = []
    for entry in folder.iterdir():
        path = f"{above}/{entry.name}"
        if entry.is_dir() and entry.name != "__pycache__":
            found += _sources(entry, path)
        elif entry.name.endswith((".py", ".toml", ".json")):
            found.append((path, entry.read_bytes()))
    return found


def _visible(questions: QuestionSet, folder: Path) -> Path:
    """Return the corpus without anything that is there for scoring only."""
    folder.mkdir(parents=True, exist_ok=True)
    if questions.corpus.is_dir():
        return questions.corpus
    corpus = folder / questions.corpus.name
    with corpus.open("w", encoding="utf-8") as out:
        count = 0
        for count, row in enumerate(questions.readable(), 1):  # noqa: B007  (counts after the loop)
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    if not count:
        raise LoadError(f"no line of {questions.corpus} has a text or a title")
    return corpus
