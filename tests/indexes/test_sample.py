"""The sample corpus is whole, and its questions are answered where they say they are."""

import json
import re
import tomllib
import zipfile
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from indexes.sample import folder
from indexes.sample.outline import read_outline
from rag.corpus.load import FileLoader, Found, Limits, Loaded
from rag.evaluate.datasets import QuestionSet
from rag.reports import FileStatus

SAMPLE = Path(__file__).parents[2] / "indexes" / "sample"
DOCUMENTS = SAMPLE / "corpus"
PATHS = sorted(p.relative_to(DOCUMENTS).as_posix() for p in DOCUMENTS.rglob("*") if p.is_file())
LINES = (SAMPLE / "queries.jsonl").read_text(encoding="utf-8").splitlines()
QUESTIONS = [json.loads(line) for line in LINES]
ANSWERABLE = [question for question in QUESTIONS if question["metadata"]["answerable"]]
UNANSWERABLE = [question for question in QUESTIONS if not question["metadata"]["answerable"]]
CONFLICTS = [question for question in QUESTIONS if question["metadata"]["kind"] == "conflict"]


@cache
def loaded() -> dict[str, Loaded]:
    """Return what the loader makes of every file, read once for all tests."""
    with FileLoader(Limits(ocr=False)) as loader:
        files = [Found(DOCUMENTS / path, path) for path in PATHS]
        return dict(zip(PATHS, loader.read_all(files), strict=True))


def text_of(path: str) -> str:
    return " ".join(" ".join(d.text.split()) for d in loaded()[path].documents)


def says(path: str, words: str) -> bool:
    """Return whether `words` stand in the document as whole words, whatever the line breaks."""
    pattern = rf"(?<!\w){re.escape(' '.join(words.split()))}(?!\w)"
    return re.search(pattern, text_of(path)) is not None


def ids(questions: list[dict]) -> list[str]:
    return [question["_id"] for question in questions]


def test_sample_is_varied_and_small():
    formats = {Path(path).suffix for path in PATHS}
    sizes = {path: (DOCUMENTS / path).stat().st_size for path in PATHS}

    assert len(PATHS) >= 26
    assert len(formats) >= 8
    assert max(sizes.values()) < 100_000
    assert sum(sizes.values()) < 1_500_000


def test_questions_are_varied_and_named_once():
    kinds = Counter(question["metadata"]["kind"] for question in QUESTIONS)

    assert len(QUESTIONS) >= 60
    assert len(UNANSWERABLE) >= 22
    assert kinds["near_miss"] * 2 >= len(UNANSWERABLE)
    assert kinds["conflict"] >= 4
    assert len(set(ids(QUESTIONS))) == len({q["text"] for q in QUESTIONS}) == len(QUESTIONS)


@pytest.mark.parametrize("question", QUESTIONS, ids=ids(QUESTIONS))
def test_question_names_documents_that_exist(question):
    metadata = question["metadata"]

    assert set(metadata["documents"] + metadata.get("near", [])) <= set(PATHS)
    assert metadata["answerable"] == bool(metadata["answers"]) == bool(metadata["documents"])


@pytest.mark.parametrize("path", PATHS)
def test_document_is_read_whole_with_title_and_date(path):
    result = loaded()[path]

    assert result.report.status is FileStatus.ACCEPTED, result.report.reason
    assert len(text_of(path).split()) >= 90
    assert all(document.title for document in result.documents)


@pytest.mark.parametrize("question", ANSWERABLE, ids=ids(ANSWERABLE))
def test_gold_answer_stands_in_a_named_document(question):
    metadata = question["metadata"]

    missing = [
        answer
        for answer in metadata["answers"]
        if not any(says(path, answer) for path in metadata["documents"])
    ]

    assert not missing, f"not in {metadata['documents']}"


@pytest.mark.parametrize("question", CONFLICTS, ids=ids(CONFLICTS))
def test_conflict_has_a_newer_and_an_older_side(question):
    metadata = question["metadata"]
    newer, older = metadata["documents"]

    assert all(says(newer, answer) for answer in metadata["answers"])
    assert all(says(older, answer) for answer in metadata["wrong_answers"])
    assert not any(says(newer, answer) for answer in metadata["wrong_answers"])


@pytest.mark.parametrize("source", sorted((SAMPLE / "sources").rglob("*.md")), ids=lambda p: p.stem)
def test_committed_document_says_what_its_source_says(source):
    path = source.relative_to(SAMPLE / "sources").with_suffix("").as_posix()
    outline = read_outline(source)
    cells = [cell for part in outline.parts for row in part.rows for cell in row if cell]

    text = "".join(text_of(path).split())
    missing = [cell for cell in cells if "".join(cell.split()) not in text]

    assert not missing


def test_source_without_front_matter_is_named(tmp_path):
    source = tmp_path / "refit.docx.md"
    source.write_text("# No front matter\n", encoding="utf-8")

    with pytest.raises(ValueError, match=r"refit\.docx\.md: needs title, author and date"):
        read_outline(source)


def test_source_with_markdown_no_writer_knows_is_named(tmp_path):
    source = tmp_path / "refit.docx.md"
    matter = '+++\ntitle = "T"\nauthor = "A"\ndate = 2026-01-01\n+++\n'
    source.write_text(matter + "above\n\n---\n\nbelow\n", encoding="utf-8")

    with pytest.raises(ValueError, match="no writer knows Markdown's 'hr'"):
        read_outline(source)


def test_made_archive_knows_the_date_of_its_source_and_no_other(tmp_path):
    pytest.importorskip("fpdf", reason="fpdf2 writes the sample's PDF files; pip install fpdf2")
    make = import_module("indexes.sample.make_documents").make_documents
    matter = '+++\ntitle = "T"\nauthor = "A"\ndate = 2001-02-03\n+++\n'
    for suffix in ("docx", "pptx", "xlsx", "odt", "epub"):
        source = tmp_path / "sources" / f"refit.{suffix}.md"
        source.parent.mkdir(exist_ok=True)
        source.write_text(
            matter + "## Costs\n\n| Item | Price |\n|---|---|\n| Oil | 3 |\n", "utf-8"
        )

    made = make(tmp_path / "sources", tmp_path / "documents")

    today = f"{datetime.now(UTC):%Y-%m-%d}"
    for path in made:
        with zipfile.ZipFile(path) as archive:
            assert {info.date_time[:3] for info in archive.infolist()} == {(2001, 2, 3)}, path
            described = [
                n for n in archive.namelist() if n.endswith(("core.xml", "meta.xml", "opf"))
            ]
            text = archive.read(described[0]).decode()
        assert "2001-02-03T09:00:00" in text
        assert today not in text


def test_source_named_after_no_known_format_is_refused(tmp_path):
    pytest.importorskip("fpdf", reason="fpdf2 writes the sample's PDF files; pip install fpdf2")
    make = import_module("indexes.sample.make_documents").make_documents
    (tmp_path / "refit.wpd.md").write_text("", encoding="utf-8")

    with pytest.raises(ValueError, match=r"refit\.wpd\.md: name it after one of \.docx"):
        make(tmp_path, tmp_path / "documents")


def test_sample_is_a_question_set_whose_qrels_are_the_documents_that_answer():
    found = QuestionSet.read(folder())

    wanted = {
        question["_id"]: set(question["metadata"]["documents"])
        - set(question["metadata"]["documents"][1:] if question in CONFLICTS else [])
        for question in ANSWERABLE
    }
    assert {id_: set(grades) for id_, grades in found.qrels.items()} == wanted
    assert len(found.questions) == len(QUESTIONS)


def test_sample_is_registered_where_rag_looks_for_sets():
    project = tomllib.loads((SAMPLE.parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
    module, _, name = project["entry-points"]["quotewell.sets"]["sample"].partition(":")

    assert getattr(import_module(module), name)() == SAMPLE
