"""Is a claim a quote with words left out? What a checker without training can vouch for.

Word overlap and vectors cannot tell "lent to" from "lent by", or notice one added clause. So
until a trained verifier is configured (`answer.own_words`), a claim may shorten one quote,
but neither add a word that carries meaning nor change the order of those it keeps.
"""

from collections.abc import Sequence

from rag.answer.quantities import as_digits
from rag.text import content_stems

_FEWEST = 2
_NEAR = 3  # content words between a figure and what it belongs to
_OWN_SHARE = 0.5  # of the words: titles help to understand a quote but prove nothing alone


def departures(claim: str, quotes: Sequence[str], above: str) -> list[str]:
    """Return why `claim` is more than a shortened quote; empty when it is no more.

    Args:
        claim: One statement.
        quotes: What it cites; one of them has to hold all of it.
        above: Titles and headings over the quotes; their words may name what a quote calls "it".
    """
    wanted = [as_digits(stem) for stem in content_stems(claim)]
    if len(wanted) < _FEWEST:
        return ["this is too short to be checked"]
    free = {as_digits(stem) for stem in content_stems(above)}
    tries = [_departures(wanted, quote, free) for quote in quotes]
    return min(tries, key=len, default=["nothing in the passages says this"])


def _departures(wanted: Sequence[str], quote: str, free: set[str]) -> list[str]:
    held = [as_digits(stem) for stem in content_stems(quote)]
    added = [stem for stem in wanted if stem not in held and stem not in free]
    if added:
        return [f"the cited quote does not say '{stem}'" for stem in dict.fromkeys(added)]
    if sum(stem in held for stem in wanted) < _OWN_SHARE * len(wanted):
        return ["the cited quote itself says too little of this"]
    place = -1
    for stem in wanted:
        if stem not in held:
            continue
        following = next((row for row in range(place + 1, len(held)) if held[row] == stem), None)
        if following is None:
            return ["the cited quote says this in another order, which may change its meaning"]
        if stem[0].isdigit() and place >= 0 and following - place > _NEAR:
            return [f"in the cited quote {stem} belongs to something else"]
        place = following
    return []
