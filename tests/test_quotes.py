"""The promise on generated files: every quote equals its slice, whatever was in the file."""

import random

import pytest

from rag.corpus.parse import parse
from rag.pipeline import Pipeline, Policy
from rag.testing import HashingEmbedder, MemorySnapshot, ScriptedGenerator, SubstringVerifier
from rag.types import Mode

WORDS = (
    "mill wheel naïve Straße ﬁre co\u00adop e\u0301tude 水車 طاحونة "
    "мельница 🛶 𝔘nit 3.5 1,200 kg £70 "
    "ERR-4012 “quoted” don’t \u200bzero\u00a0wide x\u202ebidi"
).split(" ")
DOCUMENTS_PER_SEED = 4


def sentence(rng):
    return " ".join(rng.choices(WORDS, k=rng.randint(2, 9))) + rng.choice(".!?。")


def block(rng):
    kind = rng.randrange(5)
    if kind == 0:
        return "#" * rng.randint(1, 3) + " " + sentence(rng)
    if kind == 1:
        return "\n".join("- " + sentence(rng) for _ in range(rng.randint(1, 3)))
    if kind == 2:
        rows = [" | ".join(rng.choices(WORDS, k=3)) for _ in range(rng.randint(1, 4))]
        return "\n".join(f"| {row} |" for row in [rows[0], "---|---|---", *rows])
    if kind == 3:
        return "```\n" + "\n".join("  " + sentence(rng) for _ in range(2)) + "\n```"
    return "\n".join(sentence(rng) for _ in range(rng.randint(1, 4)))


def document(rng, name):
    text = "\n\n".join(block(rng) for _ in range(rng.randint(1, 6)))
    newline = rng.choice(["\n", "\r\n", "\r"])
    encoding = rng.choice(["utf-8", "utf-8-sig", "utf-16"])
    data = text.replace("\n", newline).encode(encoding)
    *documents, _ = parse(data, name)
    return documents


def check(seed):
    rng = random.Random(seed)
    made = [
        d
        for n in range(DOCUMENTS_PER_SEED)
        for d in document(rng, f"{n}.{rng.choice(['md', 'txt'])}")
    ]
    policy = Policy(relevance_floor=0.0, support_floor=0.0, sentence_keep=0.0)
    rag = Pipeline(
        MemorySnapshot(made), HashingEmbedder(), SubstringVerifier(), policy=policy,
        generator=ScriptedGenerator(f"{sentence(rng)} {sentence(rng)} [1]"),
    )  # fmt: skip
    texts = {d.id: d.text for d in made}
    quotes = 0
    for mode in Mode:
        answer = rag.ask(sentence(rng), mode=mode)
        for citation in answer.citations:
            assert citation.span.of(texts[citation.document_id]) == citation.quote, seed
            quotes += 1
        for passage in answer.passages:
            assert passage.chunk.span.of(texts[passage.document.id]) == passage.chunk.text, seed
    return len(made), quotes


def check_all(documents):
    made = quotes = seed = 0
    while made < documents:
        more, found = check(seed)
        made, quotes, seed = made + more, quotes + found, seed + 1
    assert quotes > made / 4  # a check that never saw a quote would prove nothing


def test_every_quote_equals_its_slice():
    check_all(200)


@pytest.mark.slow
def test_every_quote_equals_its_slice_over_10_000_documents():
    check_all(10_000)
