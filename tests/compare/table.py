"""The comparison as Markdown: a row a figure, a column a system, and where settings come from."""

from collections.abc import Mapping
from typing import Any

ROWS = {
    "answered.unanswerable": ("unanswerable questions answered, lower is better", "share"),
    "answered.answerable": ("answerable questions answered", "share"),
    "abstention.youden": ("the second minus the first", "share"),
    "answers.f1": ("token F1 on answerable questions, a refusal counts 0", "share"),
    "answers.f1_when_answered": ("the same where it answered", "share"),
    "answers.contains": ("holds a gold answer, a refusal counts 0", "share"),
    "answers.contains_when_answered": ("the same where it answered", "share"),
    "answers.mean_words": ("words an answer", "count"),
    "citations.sentences_cited": ("sentences that say where they come from", "share"),
    "citations.recall": ("citation recall (ALCE), see the notes", "share"),
    "citations.precision": ("citation precision (ALCE), see the notes", "share"),
    "citations.quote_fidelity": ("citations that point at exact characters", "share"),
    "citations.words": ("words to read to check a sentence, median", "count"),
    "retrieval.ndcg@10": ("retrieval nDCG@10", "share"),
    "retrieval.recall@5": ("retrieval recall@5", "share"),
    "speed.start_seconds": ("start, seconds", "tenth"),
    "speed.ingest_seconds": ("ingest, seconds", "tenth"),
    "speed.documents_per_second": ("documents a second", "tenth"),
    "speed.chunks": ("chunks", "count"),
    "speed.index_mb": ("index on disk, MB", "tenth"),
    "speed.retrieve_p50_ms": ("retrieve p50, ms", "count"),
    "speed.answer_p50_ms": ("warm answer p50, ms", "count"),
    "speed.answer_p95_ms": ("warm answer p95, ms", "count"),
    "speed.peak_rss_mb": ("peak memory, MB", "count"),
    "errors": ("questions that raised an error", "count"),
}

SUMMARY = (
    "answered.unanswerable",
    "answered.answerable",
    "answers.contains",
    "answers.f1",
    "answers.mean_words",
    "citations.recall",
    "citations.quote_fidelity",
    "citations.words",
    "retrieval.ndcg@10",
    "speed.ingest_seconds",
    "speed.index_mb",
    "speed.answer_p50_ms",
    "speed.peak_rss_mb",
)
"""What one table over all sets shows."""

NOTES = """\
- All systems: the same documents as plain text, embedder all-MiniLM-L6-v2, generator
  SmolLM2-135M-Instruct Q4_1 by llama.cpp in the system's own process, greedy, at most 120 tokens.
  A larger generator would write better sentences in every column but the first.
- quotewell: all defaults. quotewell generative: `answer.mode = "generative"`. It reads plain text
  here like the others, without the headings and tables it would see in the files themselves.
- langchain: RecursiveCharacterTextSplitter 1000/200 with start indexes, FAISS, k = 4, the prompt
  rlm/rag-prompt, all from its tutorial "Build a RAG application"; a custom `LLM` class as its
  guide shows; scope by `filter=` with `fetch_k` raised to all chunks (its default of 20 filters
  after the search and often leaves nothing).
- llamaindex: `VectorStoreIndex.from_documents` and `as_query_engine` as in its starter tutorial:
  1,024 tokens with 20 shared, top-k 2, its question-answering prompt, in-memory store;
  `CustomLLM` as its guide shows; scope by `MetadataFilters` with IN. The embedder reads 256 tokens,
  so most of such a chunk is not searched.
- txtai: paragraphs, `Embeddings(content=True)`, `RAG` with context of 3 and the prompts of its
  RAG example; scope by SQL, candidates raised to all rows for the same reason.
- A refusal is an empty text or one with a sentence that `tests/compare/refusals.py` matches.
- Answers keep within a question's scope where the set names one; retrieval is ranked over the
  whole corpus without it, since a scope of one document leaves nothing to rank.
- Citations: the sentences of the other systems cite nothing by themselves, so every passage they
  return counts as a citation of every sentence. Exact means that the document has this text at
  the place named; txtai names none. Judged by Quotewell's offline judge, to which a sentence
  that its citation holds word for word is supported: whoever quotes has a recall of 1.
- Memory is of the process that answers; Quotewell's parsers run in processes of their own.\
"""

Cell = Mapping[str, object]
Column = Mapping[str, Cell] | str


def markdown(name: str, systems: Mapping[str, Column]) -> str:
    """Return the table of one set; a system that failed says so in every row, and why below.

    Args:
        name: Of the set.
        systems: System to its figures (`value`, `n`, `ci95`), or to what kept it from any.
    """
    ran = {system: column for system, column in systems.items() if not isinstance(column, str)}
    lines = [
        f"### {name}",
        "",
        f"| | {' | '.join(systems)} |",
        "|---" * (len(systems) + 1) + "|",
    ]
    for key, (label, kind) in ROWS.items():
        cells = [_cell(ran[s].get(key, {}), kind) if s in ran else "failed" for s in systems]
        if set(cells) - {"-", "failed"}:
            lines.append(f"| {label} | {' | '.join(cells)} |")
    failed = [f"{system} failed: {why}" for system, why in systems.items() if isinstance(why, str)]
    return "\n".join([*lines, *([""] if failed else []), *failed])


def summary(sets: Mapping[str, Mapping[str, Column]]) -> str:
    """Return one table over all sets, a cell holding one figure a set, in their order."""
    systems = list(dict.fromkeys(system for columns in sets.values() for system in columns))
    lines = [
        f"| {' / '.join(sets)} | {' | '.join(systems)} |",
        "|---" * (len(systems) + 1) + "|",
    ]
    for key in SUMMARY:
        label, kind = ROWS[key]
        cells = [
            " / ".join(_short(columns.get(system, {}), key, kind) for columns in sets.values())
            for system in systems
        ]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _short(column: Column, key: str, kind: str) -> str:
    if isinstance(column, str):
        return "failed"
    return _cell({"value": column.get(key, {}).get("value")}, kind)


def judge_line(trust: Mapping[str, object]) -> str:
    """Return how far the judge of citations agrees with people."""
    if not trust.get("judged_claims"):
        return (
            f"- The judge ({trust['judge']}) was held against no claim set: take it as unreliable."
        )
    marked = "; below the kappa of .5 it needs: unreliable" if trust.get("unreliable") else ""
    return (
        f"- The judge ({trust['judge']}) agrees with people on {trust['accuracy']:.2f} of "
        f"{trust['judged_claims']:,} claims (kappa {trust['kappa']:.2f}{marked})."
    )


def _cell(figure: Cell, kind: str) -> str:
    value, interval = figure.get("value"), figure.get("ci95")
    if not isinstance(value, int | float):
        return "-"
    if kind == "count":
        return f"{value:,.0f}"
    if kind == "tenth":
        return f"{value:,.1f}"
    return f"{value:.2f}{_half_width(interval)}"


def _half_width(interval: object) -> str:
    match interval:
        case [int() | float() as low, int() | float() as high]:
            return f" ±{(high - low) / 2:.2f}"
    return ""


def document(result: Mapping[str, Any]) -> str:
    """Return a whole result, as it is kept in JSON, as Markdown."""
    sets = {
        name: {s: c if isinstance(c, str) else c["figures"] for s, c in systems.items()}
        for name, systems in result["sets"].items()
    }
    asked = result["questions"]
    tables = [markdown(f"{name}, {asked[name]} questions", sets[name]) for name in sets]
    machine = ", ".join(f"{key} {value}" for key, value in result["machine"].items())
    about = f"{result['date']}, {result['command']}; {machine}"
    notes = "\n".join([NOTES, judge_line(result["judge"])])
    return "\n\n".join([about, *([summary(sets)] if sets else []), *tables, notes])
