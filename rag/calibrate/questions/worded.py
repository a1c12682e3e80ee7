"""Questions in the generator's words, each believed only after a round trip.

The generator is shown one sentence and what to ask for; shown the sentence alone, it has to
answer its question with just that (round-trip consistency, Alberti and others, 2019). A model
too small for this is noticed by how little survives, and is not asked further.
"""

import random
import re
from collections.abc import Iterable, Iterator, Sequence

from rag.calibrate.questions.compose import Parts
from rag.calibrate.questions.corpus import Sentence
from rag.calibrate.questions.spans import COUNTED, NAME, asked_stems, dates
from rag.calibrate.questions.swap import Made
from rag.evaluate.metrics import contains
from rag.protocols import Generator, Message

SORT = "worded by the generator"
_SHOTS = (
    ("The depot in Leeds was rebuilt in 2011 after a fire.", "2011", "When was the depot rebuilt?"),
    (
        "Guests may bring up to three dogs, which must be kept on a lead.",
        "three dogs",
        "How many dogs may guests bring?",
    ),
    (
        "The bridge was designed by Ines Moreau for the city of Lyon.",
        "Ines Moreau",
        "Who designed the bridge in Lyon?",
    ),
)
_ASK = "Write one short question about the text whose answer is the given answer."
_REPLY = "Answer the question with the fewest words of the text."
_TOKENS, _SECONDS = 32, 30.0
_HELD = 0.75  # share of the question's words that the sentence has to hold
_LONGER = 6  # words that a reply may have beyond the target
_PATIENCE, _YIELD = 30, 0.1
"""A generator of whose first questions a smaller share survives is not asked further."""


def worded(
    sentences: Iterable[Sentence], generator: Generator, rng: random.Random
) -> Iterator[Made]:
    """Yield a question for each sentence that the generator can ask about.

    Raises:
        ModelError: If the generator fails.
    """
    survived = 0
    able = ((one, targets) for one in sentences if (targets := _targets(one.bare)))
    for tried, (sentence, targets) in enumerate(able, 1):
        target = rng.choice(targets)
        question = round_trip(sentence.bare, target, generator)
        if question:
            survived += 1
            yield Made(Parts(SORT, question.rstrip("?"), "", "", "", target), sentence)
        if tried >= _PATIENCE and survived < _YIELD * tried:
            return


def round_trip(sentence: str, target: str, generator: Generator) -> str:
    """Return a question about `sentence` whose answer is `target`; empty if none holds.

    Raises:
        ModelError: If the generator fails.
    """
    asked = [(f"Text: {text}\nAnswer: {gold}", question) for text, gold, question in _SHOTS]
    question = _written(generator, _ASK, asked, f"Text: {sentence}\nAnswer: {target}")
    question = question.split("?", maxsplit=1)[0].strip() + "?"
    stems, held = asked_stems(question), asked_stems(sentence)
    if not stems or len(stems & held) < _HELD * len(stems) or contains(question, [target]):
        return ""
    replied = [(f"Text: {text}\nQuestion: {q}", gold) for text, gold, q in _SHOTS]
    reply = _written(generator, _REPLY, replied, f"Text: {sentence}\nQuestion: {question}")
    short = len(reply.split()) <= len(target.split()) + _LONGER
    return question if short and contains(reply, [target]) else ""


def _targets(sentence: str) -> list[str]:
    found = [*dates(sentence), *(m.group() for m in re.finditer(rf"\b{COUNTED}", sentence))]
    inside = sentence.split(" ", maxsplit=1)[-1]  # a first word has a capital whatever it is
    return [*found, *re.findall(NAME, inside)]


def _written(generator: Generator, system: str, shots: Sequence[tuple[str, str]], last: str) -> str:
    messages: list[Message] = [{"role": "system", "content": system}]
    for user, assistant in shots:
        messages.append({"role": "user", "content": user})
        messages.append({"role": "assistant", "content": assistant})
    messages.append({"role": "user", "content": last})
    return "".join(generator.stream(messages, max_tokens=_TOKENS, deadline=_SECONDS)).strip()
