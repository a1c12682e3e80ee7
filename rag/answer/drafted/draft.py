"""Let a generator write, and stop it when it goes in circles."""

from collections.abc import Sequence

from rag.protocols import Generator, Message
from rag.text import content_stems, sentences
from rag.types import Draft

_LOOK_EVERY = 40


def write_draft(
    generator: Generator, messages: Sequence[Message], *, max_tokens: int, deadline: float
) -> Draft:
    """Return what `generator` writes, cut where it starts to repeat a sentence.

    Small models repeat themselves until their tokens run out; a person waits for nothing.

    Args:
        generator: Writes.
        messages: The prompt.
        max_tokens: Longest draft.
        deadline: Seconds within which it must be done.

    Raises:
        GeneratorFailed: If the model cannot be reached, answers nonsense or is late.
    """
    text, looked = "", 0
    for piece in generator.stream(messages, max_tokens=max_tokens, deadline=deadline):
        text += piece
        if len(text) - looked >= _LOOK_EVERY:
            looked = len(text)
            if (end := _repeats_from(text)) is not None:
                return Draft(text[:end])
    if (end := _repeats_from(text)) is not None:
        return Draft(text[:end])
    return Draft(text, generator.count_tokens(text) >= max_tokens)


def _repeats_from(text: str) -> int | None:
    """Return where the first sentence starts that says what one before it said."""
    said: set[tuple[str, ...]] = set()
    for span in sentences(text)[:-1]:
        words = tuple(content_stems(span.of(text)))
        if words and words in said:
            return span.start
        said.add(words)
    return None
