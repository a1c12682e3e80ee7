"""Does a claim say what a quote says and no more? What a checker without training can vouch for.

Word overlap and vectors cannot tell "lent to" from "lent by", or notice one added clause. So
until a trained verifier is configured (`answer.own_words`), a claim may shorten one quote, say
it in the other voice, with its opening clause last, or with words of a closed list that mean
the same; but neither add a word that carries meaning nor change who does what to whom.
"""

from collections.abc import Iterator, Sequence

from rag.answer.words.acronyms import initials, spelled_out
from rag.answer.words.wording import Word, Wording, wording

_FEWEST = 2
_NEAR = 3  # content words between a figure and what it belongs to
OWN_SHARE = 0.5
"""Of a claim's content words that its quotes must hold themselves: titles prove nothing alone."""

ANOTHER_ORDER = "the cited quote says this in another order, which may change its meaning"


def departures(claim: str, quotes: Sequence[str], above: str) -> list[str]:
    """Return why `claim` is more than a quote put shorter or otherwise; empty when it is not.

    Args:
        claim: One statement.
        quotes: What it cites; one of them has to hold all of it.
        above: Titles and headings over the quotes; their words may name what a quote calls "it".
    """
    wanted = wording(claim)
    if len(wanted.roots) < _FEWEST:
        return ["this is too short to be checked"]
    free = {root for root in wording(above).roots if _may_be_a_year(root)}
    tries = [_departures(wanted, wording(quote), free) for quote in quotes]
    return min(tries, key=len, default=["nothing in the passages says this"])


def _departures(wanted: Wording, quote: Wording, free: set[str]) -> list[str]:
    held = {*quote.roots, *initials(quote.text)}
    for name in spelled_out(wanted.text, quote.text):
        held |= set(wording(name).roots)
    added = [root for root in wanted.roots if root not in held | free]
    if added:
        return [f"the cited quote does not say '{root}'" for root in dict.fromkeys(added)]
    if sum(root in held for root in wanted.roots) < OWN_SHARE * len(wanted.roots):
        return ["the cited quote itself says too little of this"]
    return min((_misplaced(ours, theirs) for ours, theirs in _comparable(wanted, quote)), key=len)


def _may_be_a_year(root: str) -> bool:
    """Return whether a title may lend `root` to its text: a word or a year, but no other figure."""
    return not root[0].isdigit() or len(root) == len("1999")


def _comparable(
    wanted: Wording, quote: Wording
) -> Iterator[tuple[tuple[Word, ...], tuple[Word, ...]]]:
    """Yield the pairs of orders that would mean the same if they were the same."""
    if wanted.same_voice(quote):
        yield from ((ours, theirs) for ours in wanted.orders for theirs in quote.orders)
    yield from ((ours, theirs) for ours in wanted.active for theirs in quote.active)


def _misplaced(wanted: Sequence[Word], quote: Sequence[Word]) -> list[str]:
    """Return why the words of `wanted` do not come in the order of `quote`, each in its turn."""
    held = {word.root for word in quote}
    place = -1
    for word in wanted:
        if word.root not in held:
            continue
        rows = range(place + 1, len(quote))
        following = next((row for row in rows if quote[row].root == word.root), None)
        if following is None:
            return [ANOTHER_ORDER]
        between = sum(not one.aside or word.aside for one in quote[place + 1 : following])
        if word.root[0].isdigit() and place >= 0 and between >= _NEAR:
            return [f"in the cited quote {word.root} belongs to something else"]
        place = following
    return []
