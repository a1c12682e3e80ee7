"""What the outputs of a checker stand for: entailment, neutral or contradiction."""

from collections.abc import Mapping, Sequence

import numpy as np

from rag.errors import ModelError, SettingsError
from rag.protocols import Floats

ENTAILMENT, NEUTRAL, CONTRADICTION = range(3)
_NAMES = (
    frozenset(
        "entailment entailed entails supported supports consistent grounded factual faithful"
        " attributable not_hallucinated".split()
    ),
    # "Unsupported" says that the evidence does not say so, not that it says otherwise.
    frozenset(
        "not_entailment not_entailed neutral not_enough_info unsupported not_supported"
        " inconsistent ungrounded not_grounded not_factual unfaithful not_attributable"
        " hallucinated hallucination".split()
    ),
    frozenset("contradiction contradictory contradicts refuted refutes".split()),
)


def columns_of(labels: Mapping[int, str], name: str, given: Sequence[str] = ()) -> list[int]:
    """Return, for each output of a model, which of (entailment, neutral, contradiction) it is.

    Args:
        labels: `id2label` of the model's configuration.
        name: Of the model, for messages.
        given: Labels that stand in for those of the configuration, output by output.

    Raises:
        SettingsError: If `given` has another length than the model has outputs.
        ModelError: If the labels do not say which output is entailment.
    """
    if given and len(given) != len(labels):
        raise SettingsError(
            f"setting 'verifier.labels' has {len(given)} labels, {', '.join(given)}, and {name} has"
            f" {len(labels)} outputs"
        )
    named = list(given) or [labels[row] for row in sorted(labels)]
    columns = [_column(label) for label in named]
    known = [column for column in columns if column is not None]
    enough = len(known) in (2, 3) or (bool(given) and len(known) == 1)
    if len(known) < len(columns) or known.count(ENTAILMENT) != 1 or not enough:
        raise ModelError(
            f"{name} has the labels {named}, and a verifier needs entailment,"
            " neutral and contradiction, or entailment and not_entailment, in its config.json;"
            " say what its outputs mean with verifier.labels, such as"
            ' ["unsupported", "supported"], in their order'
        )
    return known


def probabilities(logits: Floats, columns: Sequence[int]) -> Floats:
    """Return rows of (entailment, neutral, contradiction) that sum to 1, shape (n, 3).

    Args:
        logits: Shape (n, labels); a single label is a logit of entailment.
        columns: As `columns_of` returns.
    """
    rows = np.zeros((len(logits), 3), np.float32)
    if len(columns) == 1:
        rows[:, ENTAILMENT] = 1 / (1 + np.exp(-np.clip(logits[:, 0], -60, 60)))
        rows[:, NEUTRAL] = 1 - rows[:, ENTAILMENT]
        return rows
    weights = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    shares = weights / weights.sum(axis=1, keepdims=True)
    for label, column in enumerate(columns):
        rows[:, column] += shares[:, label]
    return rows


def best_of_each(rows: Floats, owners: Sequence[int], n: int) -> Floats:
    """Return for each of `n` pairs the row that entails most, shape (n, 3).

    Args:
        rows: Of every part of every pair, shape (parts, 3).
        owners: The pair of each part.
        n: Pairs; each has at least one part.
    """
    best = np.zeros((n, 3), np.float32)
    best[:, ENTAILMENT] = -1
    for row, owner in zip(rows, owners, strict=True):
        if row[ENTAILMENT] > best[owner, ENTAILMENT]:
            best[owner] = row
    return best


def matched(premises: Sequence[str], hypotheses: Sequence[str]) -> Sequence[str]:
    """Return `premises` if there are as many as `hypotheses`.

    Raises:
        ModelError: If not.
    """
    if len(premises) != len(hypotheses):
        raise ModelError(f"{len(premises)} premises for {len(hypotheses)} hypotheses")
    return premises


def _column(label: str) -> int | None:
    plain = label.strip().lower().replace("-", "_").replace(" ", "_").replace("non_", "not_")
    return next((column for column, names in enumerate(_NAMES) if plain in names), None)
