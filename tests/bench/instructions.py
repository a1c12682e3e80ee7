"""How often text is taken for an instruction to the writer: `python -m tests.bench.instructions
[--show] SET ...`.

A set is an attack set, of which each kind and family is counted, or a folder that holds a
`corpus.jsonl` or Markdown files somewhere, of which every sentence is.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from rag.answer.evidence.instructions import instructs
from rag.evaluate.attacks.sets import read_attacks
from rag.evaluate.lines import read_lines
from rag.text import sentences


def flagged(text: str) -> list[str]:
    """Return the sentences of `text` that instruct."""
    return [said for span in sentences(text) if instructs(said := span.of(text))]


def texts_of(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("corpus.jsonl")):
        yield from (line.text("text") for line in read_lines(path))
    for path in sorted(folder.rglob("*.md")):
        yield path.read_text(encoding="utf-8")


def attacks(folder: Path) -> None:
    found: Counter[tuple[str, str]] = Counter()
    every: Counter[tuple[str, str]] = Counter()
    for one in read_attacks(folder):
        for family in ("all", one.family):
            every[one.kind, family] += 1
            found[one.kind, family] += bool(flagged(one.text))
    for (kind, family), count in sorted(every.items()):
        print(f"{folder.name}, {kind}, {family}: {found[kind, family]} of {count} texts")


def corpus(folder: Path, *, show: bool) -> None:
    count, hits = 0, []
    for text in texts_of(folder):
        count += len(sentences(text))
        hits += flagged(text)
    print(f"{folder.name}: {len(hits)} of {count} sentences")
    for said in hits if show else ():
        print(f"    {said[:160]}")


def main(folders: list[Path], *, show: bool) -> None:
    for folder in folders:
        if (folder / "attacks.jsonl").exists():
            attacks(folder)
        else:
            corpus(folder, show=show)


if __name__ == "__main__":
    named = [Path(word) for word in sys.argv[1:] if word != "--show"]
    main(named, show="--show" in sys.argv)
