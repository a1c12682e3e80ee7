"""Does the promise of `rag calibrate` hold? Two hundred random splits of a question set.

    python -m tests.bench.risk_bound SET [--splits 200] [--delta 0.05]

Every question is asked once with the gate open. Then the set is split in half at random, again
and again: one half chooses the gate, the other is the next batch. Prints, for each bound and
risk, how often nothing was promised, and of the promises made how many the other half kept,
counting its actual wrong answers. A split without a promise counts as neither.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rag.calibrate.bounds import Bound
from rag.calibrate.outcomes import Asked, Outcome, answers_of, ask_all
from rag.calibrate.threshold import lowest_gate, point_at
from rag.types import Mode
from tests.bench.sets import opened

ALPHAS = (0.3, 0.4, 0.5, 0.6, 0.7)


def main(folder: Path, splits: int, delta: float, alphas: Sequence[float]) -> None:
    questions, rag = opened(folder)
    asked = [
        Asked(q, "", questions.scope_of(q))
        for q in questions.questions
        if q.labelled and (q.answers or not q.answerable)
    ]
    with rag:
        outcomes = ask_all(rag, asked, Mode.EXTRACTIVE, lambda *_: None)
    print(f"{len(outcomes)} questions, {splits} splits, delta {delta}")
    print("bound  risk  refused   kept of promised   not broken, of all   coverage  wrong")
    for bound in Bound:
        for alpha in alphas:
            print(line(outcomes, bound, alpha, delta, splits), flush=True)


def line(outcomes: Sequence[Outcome], bound: Bound, alpha: float, delta: float, splits: int) -> str:
    rng = np.random.default_rng(0)
    kept: list[bool] = []
    coverage, risk = [], []
    for _ in range(splits):
        order = rng.permutation(len(outcomes))
        first, second = np.array_split(order, 2)
        gate = lowest_gate(answers_of(outcomes[i] for i in first), bound, alpha, delta)
        if gate is None:
            continue
        held = point_at(answers_of(outcomes[i] for i in second), gate)
        coverage.append(held.coverage)
        risk.append(held.wrong / held.shown if held.shown else 0.0)
        kept.append(held.wrong <= alpha * held.shown + 1e-9)
    refused = splits - len(kept)
    if not kept:
        return f"{bound.value:6} {alpha:.2f}  {refused / splits:6.1%}   nothing promised"
    cells = (
        f"{refused / splits:6.1%}   {kept.count(True) / len(kept):10.1%} of {len(kept):3}",
        f"{1 - kept.count(False) / splits:15.1%}   {np.mean(coverage):12.1%}  {np.mean(risk):6.1%}",
    )
    return f"{bound.value:6} {alpha:.2f}  {'   '.join(cells)}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Check the promise of rag calibrate.")
    parser.add_argument("folder", type=Path, metavar="SET")
    parser.add_argument("--splits", type=int, default=200)
    parser.add_argument("--delta", type=float, default=0.05)
    parser.add_argument("--risk", type=float, nargs="*", default=ALPHAS)
    given = parser.parse_args()
    main(given.folder, given.splits, given.delta, given.risk)
