"""How much of the text of real files arrives: `python -m tests.bench.extraction FOLDER`.

Reads every file under FOLDER and prints a line each. Where a `sources` folder has a
`groundtruth` beside it (a Markdown reference for each file, as in docling's test data), it
also prints the mean token recall per format: the share of the reference's words, counted
with repeats, that are in our text. Exits with 1 if a file took longer than it may.
"""

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from rag.corpus.load import FileLoader, Found, Limits, Loaded, walk
from rag.reports import FileReport

_WORDS = re.compile(r"[^\W_]+")
_SECONDS = 60
_MARKUP = (
    (re.compile(r"<!--.*?-->", re.DOTALL), " "),
    (re.compile(r"!\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"\]\((?:[^()]|\([^()]*\))*\)"), "]"),
    (re.compile(r"<(https?|mailto):[^>]*>"), " "),
    (re.compile(r"\\(?=[^\w\s])"), ""),
    (re.compile(r"\\[a-zA-Z]+"), " "),  # commands of LaTeX formulas
    (re.compile(r"\[[ xX]\]"), " "),  # marks of task lists
    (re.compile(r"\b00:00:00\b"), " "),  # dates of sheets, printed as times
    (re.compile(r"&(?:lt|gt|amp|quot|nbsp|#\d+);"), " "),
)


def words(text: str) -> Counter[str]:
    """Return how often each word occurs, in lower case."""
    return Counter(_WORDS.findall(text.lower()))


def reference_words(markdown: str) -> Counter[str]:
    """Return the words of a reference without its markup."""
    for pattern, by in _MARKUP:
        markdown = pattern.sub(by, markdown)
    return words(markdown)


def recall(reference: Counter[str], found: Counter[str]) -> float:
    """Return the share in [0, 1] of the reference's words that were found, with repeats."""
    return (reference & found).total() / reference.total() if reference else 1.0


def reference_of(path: Path) -> Path | None:
    """Return the reference text of a source file, if it has one."""
    folder = path.parent.parent / "groundtruth"
    names = (f"{path.name}.md", f"{path.stem}.md")
    return next((folder / name for name in names if (folder / name).is_file()), None)


def report(loaded: Loaded, share: float | None) -> str:
    """Return one line on one file."""
    line = loaded.report
    shown = "    " if share is None else f"{share:.2f}"
    return (
        f"{line.status:9} {shown} {line.characters:9} {line.seconds:7.2f} s  "
        f"{line.source}  {line.reason}"
    )


def main(arguments: Sequence[str]) -> int:
    """Read all files of a folder; return the exit code."""
    shares: dict[str, list[float]] = defaultdict(list)
    late = []
    with FileLoader(Limits(parse_seconds=_SECONDS)) as loader:
        for item in walk([Path(arguments[0])], exclude=["groundtruth/"]):
            if isinstance(item, FileReport):
                print(f"{item.status:9} {item.source}  {item.reason}")
                continue
            loaded = loader.read(item)
            share = _share(item, loaded)
            if share is not None:
                shares[item.path.parent.parent.name].append(share)
            if loaded.report.seconds > _SECONDS:
                late.append(item.source)
            print(report(loaded, share))
    for name, values in sorted(shares.items()):
        mean, least = sum(values) / len(values), min(values)
        print(f"{name:6} {len(values):3} files, mean recall {mean:.3f}, least {least:.3f}")
    print(f"took longer than {_SECONDS} s: {', '.join(late) or 'none'}")
    return 1 if late else 0


def _share(item: Found, loaded: Loaded) -> float | None:
    reference = reference_of(item.path) if item.path.parent.name == "sources" else None
    if reference is None or not loaded.documents:
        return None
    text = "\n".join(document.text for document in loaded.documents)
    return recall(reference_words(reference.read_text(encoding="utf-8")), words(text))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
