"""What each part adds: `python -m tests.bench.ablation SET ...`

Asks the report half of every set with everything on, and again with one part off, and prints
one line a run. A part whose line is no worse than the first adds nothing there.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.bench.quality import Row, figures

OFF: Mapping[str, Mapping[str, str]] = {
    "everything": {},
    "no reader": {"RAG_READER_MODEL": "none"},
    "no short answers": {"RAG_ANSWER_BRIEF": "false"},
    "no second look": {"RAG_SEARCH_LOOK_AGAIN": "false"},
}
"""What is turned off, and the settings that do it."""
SHOWN = (
    "abstention.youden",
    "abstention.on_unanswerable",
    "abstention.on_answerable",
    "answers.f1_when_answered",
    "answers.gold_evidence",
    "conflict.detect_rate",
    "conflict.false_flag_rate",
    "poison.success_rate",
    "speed.answer_p50_ms",
)


def measured(folder: Path, settings: Mapping[str, str]) -> dict[str, Row]:
    """Return the figures of one run."""
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "figures.json"
        words = [sys.executable, "-m", "rag", "eval", str(folder), "--split", "report"]
        words += ["--tasks", "answers,abstention,conflict,poison,speed", "--out", str(out)]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, env={**os.environ, **settings})
        return dict(figures(json.loads(out.read_text(encoding="utf-8"))))


def main(folders: list[Path]) -> None:
    """Print one table a set."""
    for folder in folders:
        runs = {part: measured(folder, settings) for part, settings in OFF.items()}
        keys = [key for key in SHOWN if any(key in run for run in runs.values())]
        print(f"\n| {folder.name} | {' | '.join(keys)} |\n|---|{'---|' * len(keys)}")
        for part, run in runs.items():
            cells = [f"{run[key].value:.3g}" if key in run else "" for key in keys]
            print(f"| {part} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main([Path(word) for word in sys.argv[1:]])
