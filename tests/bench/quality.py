"""Every set, measured: the line each change is held against.

    python -m tests.bench.quality DATA [NAME ...] [--update]

Runs `rag eval` on the sets in the folder DATA (only those NAMEd, if any are), prints what
moved since `BENCHMARKS.md`, and with --update writes the new figures there. A set that DATA
lacks is skipped and its old figures are kept. What may be noise is not called a move: a
figure moved when neither of the two values lies in the other's 95 % interval. Seconds and
megabytes depend on the machine; they are written down and never compared.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "BENCHMARKS.md"
SAMPLE = "sample"
RUNS: Mapping[str, Sequence[str]] = {
    "sample": ["sample"],
    "scifact-dev": ["scifact-dev", "--split", "report"],
    "product-docs": ["product-docs", "--split", "report"],
    "chunking-eval": ["chunking-eval", "--split", "report"],
    "squad2-500": ["squad2-500", "--split", "report"],
    "clapnq-dev": ["clapnq-dev", "--split", "report"],
    "stici-dev": ["stici-dev", "--split", "report"],
    "ramdocs-dev": ["ramdocs-dev", "--split", "report"],
    "poisoned-nq": ["poisoned-nq"],
    "injection-dev": ["injection-dev"],
    "attribution-dev": ["attribution-dev", "--split", "report"],
    "wice-dev": ["wice-dev", "--split", "report"],
    "factcheck-dev": ["factcheck-dev", "--split", "report"],
    "squad2-500-generative": "squad2-500 --split report --mode generative --limit 60".split(),
    "clapnq-dev-generative": "clapnq-dev --split report --mode generative --limit 60".split(),
    "stici-dev-generative": "stici-dev --split report --mode generative".split(),
    "injection-dev-generative": "injection-dev --mode generative --limit 30".split(),
}
_INTRO = """# Benchmarks

Where the product stands, set by set: the line every later change is held against.
`make bench-quality DATA=folder` measures all of it again and prints what moved; add
`UPDATE=1` to write the new figures here. The sets lie in DATA and are not part of the project.
Thresholds and weights were fitted on the `calibrate` halves; these are the `report` halves
(`rag eval --split`). What each figure means is told in the README. An interval is a bootstrap
over the questions; figures of an unreliable judge say so.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure as the page has it."""

    value: float
    low: float | None
    high: float | None
    n: int
    remark: str = ""

    @classmethod
    def of(cls, figure: Mapping[str, object]) -> "Row | None":
        """Return the row of a figure of `rag eval --json`; None when it has no value."""
        value, (low, high) = figure["value"], figure["ci95"]
        if value is None:
            return None
        return cls(value, low, high, figure["n"], "unreliable" if "unreliable" in figure else "")

    @classmethod
    def read(cls, cells: Sequence[str]) -> "Row":
        """Return the row that `line` wrote."""
        value, interval, n, remark = cells
        low, high = (float(end) for end in interval.split(" to ")) if interval else (None, None)
        return cls(float(value), low, high, int(n), remark)

    def line(self, key: str) -> str:
        """Return the row in Markdown."""
        interval = f"{_short(self.low)} to {_short(self.high)}" if self.n > 1 else ""
        return f"| {key} | {_short(self.value)} | {interval} | {self.n} | {self.remark} |"

    def holds(self, other: "Row") -> bool:
        """Return whether the other's value lies in this interval."""
        if self.low is None or self.high is None or self.n <= 1:
            return False
        return self.low - 0.001 <= other.value <= self.high + 0.001  # as precise as the page


Rows = dict[str, Row]


def _short(value: float | None) -> str:
    return f"{value:.3f}" if value is not None and abs(value) < 10 else f"{value:.0f}"


def command(name: str) -> str:
    """Return the command of a run as a person types it."""
    first, *options = RUNS[name]
    folder = "indexes/sample" if first == SAMPLE else f"$DATA/{first}"
    return " ".join(["rag eval", folder, *options])


def read_page(text: str) -> dict[str, Rows]:
    """Return run name to figures of a page that `write_page` wrote."""
    runs: dict[str, Rows] = {}
    rows: Rows = {}
    for line in text.removeprefix(preface_of(text)).splitlines():
        if line.startswith("## "):
            rows = runs.setdefault(line[3:], {})
        elif line.startswith("| ") and not line.startswith("| figure"):
            key, *cells = (cell.strip() for cell in line.strip("|").split("|"))
            rows[key] = Row.read(cells)
    return runs


def preface_of(text: str) -> str:
    """Return what stands above the runs: the introduction and the tables people wrote there."""
    head, _, _ = text.partition("\n## ")
    return f"{head.rstrip()}\n" if head.strip() else _INTRO


def write_page(runs: Mapping[str, Rows], preface: str = _INTRO) -> str:
    """Return the page."""
    parts = [preface]
    for name in RUNS:
        if name in runs:
            head = f"## {name}\n\n`{command(name)}`\n\n| figure | value | 95 % interval | n | |\n"
            body = "\n".join(row.line(key) for key, row in runs[name].items())
            parts.append(f"{head}|---|---|---|---|---|\n{body}\n")
    return "\n".join(parts)


def figures(tree: Mapping[str, object], path: str = "") -> Iterator[tuple[str, Row]]:
    """Yield the dotted key and row of every figure that has a value."""
    for name, value in tree.items():
        if isinstance(value, dict) and {"value", "n", "ci95"} <= value.keys():
            if (row := Row.of(value)) is not None:
                yield f"{path}{name}", row
        elif isinstance(value, dict) and name not in ("settings", "models", "machine"):
            yield from figures(value, f"{path}{name}.")


def moves(old: Rows, new: Rows) -> Iterator[str]:
    """Yield a line for every figure that moved, came or went; speed is not compared."""
    for key in [*old, *(key for key in new if key not in old)]:
        if key.startswith("speed."):
            continue
        if key not in new:
            yield f"  {key:38} {_short(old[key].value)} -> gone"
        elif key not in old:
            yield f"  {key:38} new: {_short(new[key].value)}"
        elif not _alike(old[key], new[key]):
            yield f"  {key:38} {_short(old[key].value)} -> {_short(new[key].value)}"


def _alike(one: Row, other: Row) -> bool:
    same = round(one.value, 3) == round(other.value, 3)
    return same or one.holds(other) or other.holds(one)


def measure(name: str, data: Path) -> Rows | None:
    """Run one command; None when its set is not there."""
    first, *options = RUNS[name]
    folder = PAGE.parent / "indexes" / "sample" if first == SAMPLE else data / first
    if not folder.exists():
        print(f"{name}: skipped, no {folder}")
        return None
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "figures.json"
        words = [sys.executable, "-m", "rag", "eval", str(folder), *options, "--out", str(out)]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        return dict(figures(json.loads(out.read_text(encoding="utf-8"))))


def main(data: Path, names: Sequence[str], *, update: bool) -> None:
    if unknown := set(names) - RUNS.keys():
        sys.exit(f"no run {min(unknown)!r}; the runs are {', '.join(RUNS)}")
    for name in names or RUNS:
        new = measure(name, data)
        if new is None:
            continue
        text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        page = read_page(text)
        changed = (
            list(moves(page[name], new)) if name in page else ["  measured for the first time"]
        )
        print(f"{name}: {len(new)} figures", *changed, sep="\n", flush=True)
        if update:  # after each run: an interrupted update keeps what is done
            written = write_page({**page, name: new}, preface_of(text))
            PAGE.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--update"]
    if not words:
        sys.exit("name the folder with the sets: make bench-quality DATA=folder")
    main(Path(words[0]), words[1:], update="--update" in sys.argv)
