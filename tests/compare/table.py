"""The comparison as Markdown: a row a figure, a column a system."""

from collections.abc import Mapping

_ROWS = {
    "unanswerable_answered": ("unanswerable questions answered (lower is better)", "share"),
    "answered": ("answerable questions answered", "share"),
    "contains": ("answer holds a gold string", "share"),
    "f1": ("token F1, a refusal counts 0", "share"),
    "words": ("words an answer", "count"),
    "citation_recall": ("citation recall (ALCE)", "share"),
    "citation_precision": ("citation precision (ALCE)", "share"),
    "exact_quotes": ("citations that point at exact characters", "share"),
    "ndcg@10": ("retrieval nDCG@10", "share"),
    "recall@5": ("retrieval recall@5", "share"),
    "ingest_s": ("ingest, seconds", "seconds"),
    "chunks": ("chunks", "count"),
    "retrieve_p50_ms": ("retrieve p50, ms", "count"),
    "answer_p50_ms": ("answer p50, ms", "count"),
    "answer_p95_ms": ("answer p95, ms", "count"),
    "peak_mb": ("peak memory, MB", "count"),
    "errors": ("questions that raised an error", "count"),
}

Row = Mapping[str, float | None]


def markdown(table: Mapping[str, Mapping[str, Row | str]]) -> str:
    """Return one table a set; a system that failed says why below it."""
    parts = []
    for name, systems in table.items():
        ran = {system: row for system, row in systems.items() if not isinstance(row, str)}
        lines = [
            f"### {name}",
            "",
            f"| | {' | '.join(systems)} |",
            "|---" * (len(systems) + 1) + "|",
        ]
        for key, (label, kind) in _ROWS.items():
            cells = [_cell(ran[s].get(key), kind) if s in ran else "failed" for s in systems]
            if any(cell not in ("-", "failed") for cell in cells):
                lines.append(f"| {label} | {' | '.join(cells)} |")
        failed = [f"{s} failed: {why}" for s, why in systems.items() if isinstance(why, str)]
        parts.append("\n".join([*lines, *([""] if failed else []), *failed]))
    return "\n\n".join(parts)


def _cell(value: float | None, kind: str) -> str:
    if value is None:
        return "-"
    return {"share": f"{value:.2f}", "seconds": f"{value:.1f}", "count": f"{value:,.0f}"}[kind]
