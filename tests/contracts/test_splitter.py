"""What every splitter keeps: slices, order, coverage, size, and a true fingerprint."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.corpus.compose import compose
from rag.corpus.pieces import Code, Content, Heading, Items, Paragraph, Piece, Row, Table
from rag.corpus.split import StructureSplitter
from rag.errors import SettingsError
from rag.types import BlockKind, Document, chunk_id

MAX_TOKENS = 64


def count_tokens(texts):
    """Count as a word-piece tokenizer does: words in pieces of 4 letters, marks, 2 specials."""
    counts = []
    for text in texts:
        words = re.findall(r"\w+|[^\w\s]", text)
        counts.append(2 + sum(-(-len(word) // 4) for word in words))
    return counts


def splitter(size=40, overlap=0):
    return StructureSplitter(size, overlap, count_tokens, MAX_TOKENS, "words-of-4")


ALPHABET = st.sampled_from(
    "abcdeXYZ019 .,;:!?-()'    \n\n\r\t\u00a0\u00e9e\u0301\ufb01\u3002\u6f22\u0627"
    "\U0001f600\u200b\x00\ud800"
)
TEXT = st.text(ALPHABET, max_size=30)
LONG = st.text(ALPHABET, max_size=60).flatmap(lambda t: st.sampled_from([t, t * 5, f"{t} " * 9]))
ROW: st.SearchStrategy[Row] = st.lists(TEXT, max_size=4).map(tuple)
PIECE: st.SearchStrategy[Piece] = st.one_of(
    st.builds(Heading, TEXT, st.integers(1, 6)),
    st.builds(Paragraph, LONG, st.booleans()),
    st.builds(Items, st.lists(TEXT, max_size=8).map(tuple)),
    st.builds(Code, LONG),
    st.builds(Table, st.lists(ROW, max_size=8).map(tuple), ROW),
)
CONTENT = st.builds(Content, st.lists(PIECE, max_size=12), TEXT)
OPTIONS = st.sampled_from([(8, 0), (16, 0), (16, 8), (40, 0), (40, 10), (64, 0), (64, 32)])


def check(document: Document, size: int, overlap: int) -> None:
    chunks = splitter(size, overlap).split(document)

    covered = set()
    for before, chunk in zip([None, *chunks], chunks, strict=False):
        assert chunk.text == chunk.span.of(document.text)
        assert chunk.text == chunk.text.strip()
        assert chunk.id == chunk_id(document.revision, chunk.span)
        assert before is None or before.span.end < chunk.span.end
        assert before is None or before.span.start < chunk.span.start
        assert overlap or before is None or before.span.end <= chunk.span.start
        assert count_tokens([chunk.embedding_text])[0] <= MAX_TOKENS
        assert count_tokens([chunk.text])[0] <= size
        covered.update(range(chunk.span.start, chunk.span.end))
    blank = {i for i, char in enumerate(document.text) if char.isspace()}
    assert covered | blank == set(range(len(document.text)))


@given(content=CONTENT, options=OPTIONS)
@settings(max_examples=300, deadline=None)
def test_chunks_are_slices_in_order_that_cover_the_text_and_fit_the_embedder(content, options):
    check(compose(content, "generated.txt"), *options)


@pytest.mark.slow
@given(content=CONTENT, options=OPTIONS)
@settings(max_examples=10_000, deadline=None)
def test_chunks_keep_their_promises_on_ten_thousand_documents(content, options):
    check(compose(content, "generated.txt"), *options)


@given(text=LONG, options=OPTIONS)
@settings(max_examples=100, deadline=None)
def test_a_document_without_blocks_is_covered_too(text, options):
    document = compose(Content([Paragraph("x")]), "a.txt")
    bare = Document(document.id, document.revision, text, "a.txt", "a")

    check(bare, *options)


def test_a_heading_starts_a_chunk_and_stays_with_what_follows():
    pieces = [Heading("Fees", 1), Paragraph("They are due."), Heading("Late", 2), Paragraph("Pay.")]

    chunks = splitter().split(compose(Content(pieces), "a.md"))

    assert [chunk.text for chunk in chunks] == ["Fees\n\nThey are due.", "Late\n\nPay."]
    assert [chunk.heading for chunk in chunks] == [(), ("Fees",)]


def test_a_heading_stays_with_a_paragraph_that_must_be_cut():
    long = "The tenant pays on the first day of each month. " * 8
    pieces = [Heading("Rent", 1), Paragraph(long)]

    chunks = splitter().split(compose(Content(pieces), "a.md"))

    assert chunks[0].text.startswith("Rent\n\nThe tenant")
    assert all(chunk.heading == ("Rent",) for chunk in chunks[1:])
    assert all(chunk.text.endswith("month.") for chunk in chunks)


def test_a_table_that_is_too_long_is_cut_between_rows():
    rows = tuple((f"item {n}", f"{n} pieces") for n in range(30))
    document = compose(Content([Table(rows, ("Name", "Stock"))]), "a.csv")

    chunks = splitter().split(document)

    assert document.blocks[0].kind is BlockKind.TABLE
    lines = [line for chunk in chunks for line in chunk.text.split("\n")]
    assert lines == document.text.split("\n")
    assert len(chunks) > 3


def test_a_short_list_is_not_cut_to_fill_the_chunk_before_it():
    items = Items(("- one apple for you", "- two pears for me", "- three plums"))
    pieces = [
        Paragraph("Some words that take up a good part of this chunk of ours, and a few more."),
        items,
    ]

    chunks = splitter(size=32).split(compose(Content(pieces), "a.md"))

    assert chunks[-1].text == "\n".join(items.lines)


def test_overlap_repeats_the_end_of_the_chunk_before_in_the_same_section_only():
    long = "The tenant pays on the first day of each month. " * 8
    pieces = [Heading("Rent", 1), Paragraph(long), Heading("Else", 1), Paragraph("Nothing.")]
    document = compose(Content(pieces), "a.md")

    chunks = splitter(size=40, overlap=10).split(document)

    same = [chunk for chunk in chunks if chunk.heading == ("Rent",)]
    assert all(a.span.end > b.span.start for a, b in pairwise(same))
    assert all(document.text[chunk.span.start - 1].isspace() for chunk in same)
    assert chunks[-1].text == "Else\n\nNothing."


def test_too_long_a_heading_path_loses_its_outer_titles():
    titles = ["Outer " * 9, "Middle part", "Inner part"]
    pieces = [Heading(title, level) for level, title in enumerate(titles, start=1)]
    text = Paragraph("The tenant pays. " * 20)

    chunks = splitter().split(compose(Content([*pieces, text]), "a.md"))

    assert chunks[-1].heading == ("Middle part", "Inner part")


def test_the_fingerprint_tells_every_setting_apart():
    makes = [
        StructureSplitter(40, 0, count_tokens, 64, "a"),
        StructureSplitter(41, 0, count_tokens, 64, "a"),
        StructureSplitter(40, 4, count_tokens, 64, "a"),
        StructureSplitter(40, 0, count_tokens, 65, "a"),
        StructureSplitter(40, 0, count_tokens, 64, "b"),
    ]

    assert len({made.fingerprint for made in makes}) == len(makes)
    assert makes[0].fingerprint == StructureSplitter(40, 0, count_tokens, 64, "a").fingerprint


@pytest.mark.parametrize(("size", "overlap"), [(65, 0), (4, 0), (40, 21), (40, -1)])
def test_sizes_that_cannot_hold_are_refused_with_what_is_allowed(size, overlap):
    with pytest.raises(SettingsError, match=r"must be in \["):
        splitter(size, overlap)
