"""A question about a thing that is not named but described: "the ship that sails route R2".

Such a question takes two steps, as in multi-hop question answering by decomposition (Min et al.,
2019): which ship sails route R2, and what is asked of that ship. Plain rules, English.
"""

import re
from dataclasses import dataclass

from rag.answer.asked.topic import AUXILIARY, PARTICIPLE, name_runs
from rag.answer.words.quantities import MONTHS, dates
from rag.text import content_stems, identifiers, stems
from rag.types import Evidence

_NESTED = re.compile(
    r"(?P<before>.+?)\b(?P<det>the|a|an) (?P<noun>[a-z][\w-]*(?: [a-z][\w-]*)?)"
    r"(?P<between> (?!that|who|which)\w+)? (?:that|who|which) (?P<clause>.+)"
)
_WHOSE = re.compile(
    r"(?P<before>.+?)\b(?P<det>the|a|an) (?P<noun>[a-z][\w-]*) whose (?P<clause>.+)"
)
_ENDS = re.compile(r"\s+(?:really\s+)?[a-z]+$")
_MOST, _LONGEST = 4, 8  # names tried, and words of one
_DAYS = frozenset("monday tuesday wednesday thursday friday saturday sunday".split())


@dataclass(frozen=True, slots=True)
class Nested:
    """A question in two steps."""

    inner: str
    """What has to be known first, as a question."""
    noun: str
    """What kind of thing it is: "ship"."""
    before: str
    after: str

    def with_name(self, name: str) -> str:
        """Return the second step, once the thing is known by `name`."""
        return " ".join(f"{self.before}the {self.noun} {name} {self.after}".split()) + "?"


def nested(question: str) -> Nested | None:
    """Return the two steps of `question`; None when it names what it asks about."""
    bare = question.strip().rstrip("?!. ")
    match = _NESTED.fullmatch(bare) or _WHOSE.fullmatch(bare)
    if match is None or not re.match(
        r"(?:\w+ ){0,2}?(?:who|what|which|when|where|how)\b", bare, re.IGNORECASE
    ):
        return None
    noun, clause = match["noun"], match["clause"]
    between = (match.groupdict().get("between") or "").strip()
    if " " in noun and PARTICIPLE.match(noun.split()[1]):  # "the ship built that struck"
        noun, between = noun.split()
    if not content_stems(match["before"]):  # "Who is the man that ...": one step is enough
        return None
    verb = _ENDS.search(clause) if _lacks_verb(match["before"], between) else None
    after = verb.group().strip() if verb else between
    kept = clause[: verb.start()] if verb else clause
    led = "whose " if match.re is _WHOSE else ""
    return Nested(f"Which {noun} {led}{kept}?", noun, match["before"], after)


def bridges(asked: Nested, question: str, evidence: Evidence) -> list[str]:
    """Return what `evidence` may call the thing, likeliest first, without what the question says.

    What a reader marked comes first. Of a table row its identifiers and cells follow, before them
    the cell labelled with the kind of thing ("Ship: MV Lark"); of a sentence its names,
    identifiers and noun phrases, those with the kind's own word before others.
    """
    quote, document = evidence.quote, evidence.passage.document
    marked = [evidence.answer.of(document.text)] if evidence.answer else []
    if " | " in quote:
        cells = [cell.partition(": ") for cell in quote.split(" | ")]
        cells.sort(key=lambda cell: asked.noun not in cell[0].casefold())
        codes = [code for _, _, value in cells for code in identifiers(value)]
        found = [*codes, *(value or label for label, _, value in cells)]
        if asked.noun in cells[0][0].casefold():
            found = [cells[0][2], *found]
    else:
        phrases = re.findall(r"\b(?:the|a|an) ([a-z-]+ [a-z-]+)", quote, re.IGNORECASE)
        found = [*name_runs(quote), *identifiers(quote), *phrases]
        found.sort(key=lambda name: asked.noun not in name.casefold())
    return [
        name for name in dict.fromkeys(map(str.strip, [*marked, *found])) if _tells(name, question)
    ][:_MOST]


def _tells(name: str, question: str) -> bool:
    """Return whether `name` may name a thing that `question` does not name itself."""
    words_ = re.findall(r"[^\W\d_]+", name.casefold())
    dated = bool(dates(name)) or any(word in _DAYS | MONTHS for word in words_)
    known = set(stems(name)) <= set(stems(question))
    return bool(words_) and not dated and not known and len(name.split()) <= _LONGEST


def _lacks_verb(before: str, between: str) -> bool:
    """Return whether the verb of the outer question comes after the description."""
    row = before.casefold().split()
    helps = [place for place, word in enumerate(row) if word in AUXILIARY]
    if between or not helps:
        return False
    return helps[-1] == len(row) - 1 and row[-1] not in {"is", "are"}
