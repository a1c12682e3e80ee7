"""Do the quotes hold: as text, byte for byte, and as support, by ALCE (Gao and others, 2023)."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from rag.evaluate.bootstrap import NOTHING, Figure, figure, mean
from rag.evaluate.judge import Judge
from rag.evaluate.record import Quote, Said, Told


def quote_fidelity(told: Sequence[Told]) -> Figure:
    """Return the share of shown quotes that equal their slice of the stored text; must be 1."""
    shown = [[quote.exact for quote in one.quotes] for one in told if one.quotes]
    exact = np.asarray([sum(row) for row in shown], np.float64)
    total = np.asarray([len(row) for row in shown], np.float64)
    found = figure(lambda rows: float(exact[rows].sum() / total[rows].sum()), len(shown))
    return Figure(found.value, int(total.sum()), found.low, found.high)


def citations(told: Sequence[Told], judge: Judge) -> dict[str, Figure]:
    """Return fidelity, citation recall and citation precision.

    Per answer as ALCE has it: recall is the share of sentences whose quotes together support
    them; precision the share of quotes that are needed for a supported sentence, where a
    quote is not needed if it does not support alone and the others do without it.
    """
    return summed_up(told, scored(told, judge))


Scores = tuple[float, float | None]
"""Citation recall and precision of one answer; no precision when nothing is cited."""


def scored(told: Sequence[Told], judge: Judge) -> list[Scores | None]:
    """Return recall and precision of each answer, None for an abstention."""
    verdicts = _judged([one for one in told if one.answered], judge)
    return [alce(one.said, verdicts) if one.answered else None for one in told]


def summed_up(told: Sequence[Told], scores: Sequence[Scores | None]) -> dict[str, Figure]:
    """Return the figures of `citations` from the scores of its answers."""
    known = [score for score in scores if score is not None]
    precise = [precision for _, precision in known if precision is not None]
    return {
        "citations.quote_fidelity": quote_fidelity(told),
        "citations.recall": mean([recall for recall, _ in known]) if known else NOTHING,
        "citations.precision": mean(precise) if precise else NOTHING,
    }


Key = tuple[str, tuple[Quote, ...]]


def alce(said: Sequence[Said], supports: Mapping[Key, bool]) -> Scores:
    """Return (recall, precision) of one answer; precision is None when nothing is cited.

    Args:
        said: The sentences of an answer, at least one.
        supports: Sentence and quotes to whether these quotes support it; `questions_of` lists
            what is looked up.
    """
    recalled = needed = cited = 0
    for one in said:
        cited += len(one.quotes)
        if not one.quotes or not supports[one.text, one.quotes]:
            continue
        recalled += 1
        needed += sum(_needed(one, place, supports) for place in range(len(one.quotes)))
    return recalled / len(said), needed / cited if cited else None


def questions_of(said: Said) -> Iterator[Key]:
    """Yield what a judge must be asked about a sentence: all quotes, each, all but each."""
    if said.quotes:
        yield said.text, said.quotes
    if len(said.quotes) > 1:
        for place, quote in enumerate(said.quotes):
            yield said.text, (quote,)
            yield said.text, _without(said.quotes, place)


def _needed(said: Said, place: int, supports: Mapping[Key, bool]) -> bool:
    if len(said.quotes) == 1:
        return True
    alone = supports[said.text, (said.quotes[place],)]
    return alone or not supports[said.text, _without(said.quotes, place)]


def _without(quotes: tuple[Quote, ...], place: int) -> tuple[Quote, ...]:
    return quotes[:place] + quotes[place + 1 :]


def _judged(told: Sequence[Told], judge: Judge) -> dict[Key, bool]:
    asked = list(
        dict.fromkeys(key for one in told for said in one.said for key in questions_of(said))
    )
    if not asked:
        return {}
    evidence = [as_evidence(quotes) for _, quotes in asked]
    verdicts = judge.supports(evidence, [text for text, _ in asked])
    return dict(zip(asked, map(bool, verdicts), strict=True))


def as_evidence(quotes: Sequence[Quote]) -> str:
    """Return quotes as one text, each below the title of its document."""
    return "\n".join(f"{quote.title}\n{quote.text}" for quote in quotes)
