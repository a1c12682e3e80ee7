import pytest

from rag.errors import QuestionError
from rag.search.rerank import choose_passages
from rag.search.retrieve import Retriever
from rag.testing import HashingEmbedder, MemorySnapshot, OverlapReranker, document_of
from rag.text import identifiers
from rag.types import Filter


@pytest.fixture
def snapshot():
    return MemorySnapshot(
        [
            document_of(
                "errors/pump.md",
                "# Codes\n\nERR-4021 means that the pump of the cooling loop has stopped.\n\n"
                "ERR-4012 means a stuck valve.",
                {"date": "2024-03-01", "site": "north"},
            ),
            document_of("errors/fan.md", "The fan stopped. The pump of the loop stopped too."),
        ]
    )


def retrieve(snapshot, question, **filter_):
    return Retriever(HashingEmbedder(), candidates=10).retrieve(
        snapshot, question, Filter(**filter_)
    )


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What does ERR-4012 mean?", ["ERR-4012"]),
        ("is v2.3.1 ok on NX-200/B in 2021?", ["v2.3.1", "NX-200/B"]),
        ("what is max_open_files", ["max_open_files"]),
        ("how many in 1989", []),
        ("Who wrote the e-mail?", []),
    ],
)
def test_identifiers_are_words_that_name_one_thing(question, expected):
    assert identifiers(question) == expected


def test_an_asked_identifier_is_never_lost_among_similar_texts(snapshot):
    found = retrieve(snapshot, "The pump of the cooling loop stopped with ERR-4012, why?")

    first = snapshot.chunks([found.fused[0].chunk_id])[0]
    assert "ERR-4012" in first.text


def test_a_filter_applies_before_the_best_are_taken(snapshot):
    found = retrieve(snapshot, "stuck valve", documents=("errors/fan.md",))

    sources = {c.document_id for c in snapshot.chunks([h.chunk_id for h in found.fused])}
    assert sources == {snapshot.documents[1].id}


def test_an_undated_document_does_not_match_a_date(snapshot):
    found = retrieve(snapshot, "pump stopped", since="2024-01-01")

    ids = {c.document_id for c in snapshot.chunks([h.chunk_id for h in found.fused])}
    assert ids == {snapshot.documents[0].id}


def test_a_document_that_is_not_there_is_an_error(snapshot):
    with pytest.raises(QuestionError, match=r"absent\.md"):
        retrieve(snapshot, "pump", documents=("absent.md",))


def test_neighbouring_chunks_become_one_passage_that_is_a_slice(snapshot):
    found = retrieve(snapshot, "ERR-4021 ERR-4012 pump valve", documents=("errors/pump.md",))

    passages = choose_passages(snapshot, "q", found.fused, k=6)

    merged = passages[0]
    assert "ERR-4021" in merged.chunk.text
    assert "ERR-4012" in merged.chunk.text
    assert merged.chunk.span.of(merged.document.text) == merged.chunk.text


def test_a_reranker_decides_the_order_and_labels_count_from_one(snapshot):
    found = retrieve(snapshot, "fan")

    passages = choose_passages(
        snapshot, "fan stopped loop", found.fused, k=6, reranker=OverlapReranker()
    )

    assert [p.label for p in passages] == list(range(1, len(passages) + 1))
    assert passages[0].document.source == "errors/fan.md"
    assert passages[0].relevance == 1.0
