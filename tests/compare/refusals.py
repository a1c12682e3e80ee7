"""When does a text decline to answer? One generous rule for every system.

Generous: a refusal in any sentence counts, in whatever words, as long as the writer or the
source is what fails to say. So "meals are not provided" is an answer and "the year is not
provided in the text" is none.
"""

import re

from rag.text import sentences

_SOURCE = (
    r"(?:contexts?|texts?|passages?|documents?|articles?|sources?|information|excerpts?|"
    r"paragraphs?|content|data|question|sections?)"
)
_NOT = r"(?:n['\u2019]t| not|not)"
_SAYS = (
    r"(?:say|mention|provide|specify|state|contain|include|give|answer|address|discuss|"
    r"indicate|describe|explain|reveal|list|tell|cover|refer|name|offer|have)"
)
_FEW = r"(?:[\w,'\u2019]+ ){0,3}?"

REFUSALS = (
    # I don't know; we cannot answer; one could not tell
    rf"\b(?:i|we|one|you) (?:do|can|could|am|are|was|would){_NOT} {_FEW}"
    r"(?:know|answer|say|tell|determine|find|provide|sure|able|see any|"
    r"have (?:enough|any|the|that|access|information))",
    # the context does not mention; the documents do not say
    rf"\b{_SOURCE}\b[^.?!]{{0,60}}? (?:do|does|did|can){_NOT} {_FEW}{_SAYS}\b",
    # it is not mentioned; the price is not specified
    rf"\b(?:is|are|was|were|been){_NOT} {_FEW}(?:mentioned|specified|stated|disclosed)\b",
    # is not provided in the given text
    rf"\b(?:is|are|was|were|been){_NOT} {_FEW}(?:provided|given|discussed|listed|included|found|"
    rf"described|available|known|clear)\b[^.?!]{{0,20}}? (?:in|by|from|within) (?:\w+ ){{0,3}}?"
    rf"{_SOURCE}\b",
    # information about this is not available
    rf"\b(?:information|details?)\b[^.?!,]{{0,60}}? (?:is|are){_NOT} {_FEW}"
    r"(?:available|provided|given|known|included|found)\b",
    rf"\banswers? (?:to [^.?!,]{{1,60}}? )?(?:is|are){_NOT} (?:\w+ )?"
    r"(?:available|provided|given|known|included|found)\b",
    # there is no information; contains no mention
    r"\b(?:is|was|are|were|contains?|provides?|gives?|has|have|makes?) no "
    r"(?:\w+ ){0,2}?(?:information|mention|answers?|details?|indication|context|reference to)\b",
    r"\b(?:not|n['\u2019]t) (?:\w+ )?enough (?:information|context|details?|data)\b",
    r"\binsufficient (?:information|context|details?|data)\b",
    r"\b(?:unable|impossible|not possible|not able) to (?:\w+ ){0,2}?"
    r"(?:answer|determine|say|tell|find|provide|know)\b",
    r"\bcannot be (?:answered|determined|found|inferred)\b",
    r"^\W*(?:i['\u2019]?m |i am )?(?:so |very )?sorry\b",
    r"^\W*(?:answer: |the answer is )?(?:unknown|not known|none|no answer|n/a|unanswerable|"
    r"empty response|not (?:mentioned|provided|specified|stated|given|available))\W*$",
)
_REFUSAL = re.compile("|".join(REFUSALS), re.IGNORECASE)


def refuses(text: str) -> bool:
    """Return whether a text is empty or one of its sentences declines to answer."""
    spans = sentences(text)
    return not spans or any(_REFUSAL.search(span.of(text)) for span in spans)
