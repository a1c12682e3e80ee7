"""Showing a generator text of documents as data (spotlighting; Hines et al., 2024).

Sources stand between lines that show a marker drawn for each request, which no document can
know; what could end a message of a chat is broken; and whatever comes back with the marker in
it is a copy of the prompt, not an answer.
"""

import re
import secrets
from dataclasses import replace

from rag.errors import GeneratorFailed
from rag.types import Draft

# "<|im_start|>", "<|eot_id|>", "<start_of_turn>", "[INST]", "<<SYS>>", "</s>", and full-width bars.
_CONTROL = re.compile(
    r"<[|\uff5c][^<>\n]{1,60}?[|\uff5c]>|<[|\uff5c]|[|\uff5c]>|<(?=/?(?:start|end)_of_\w+>)"
    r"|<(?=/?(?:s|bos|eos|pad|unk)>)|\[(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_RESULTS)\])"
    r"|<(?=</?SYS>>)",
    re.IGNORECASE,
)
_BROKEN = str.maketrans({"<": "\u2039", ">": "\u203a", "|": "\u00a6", "\uff5c": "\u00a6", "[": "("})


def fresh_marker() -> str:
    """Return eight hexadecimal digits that nobody can foresee."""
    return secrets.token_hex(4)


def as_data(text: str, marker: str) -> str:
    """Return `text` without anything that could pass for the marker or for a chat's own tokens."""
    text = re.sub(re.escape(marker), "\u2026", text, flags=re.IGNORECASE)
    return _CONTROL.sub(lambda found: found[0].translate(_BROKEN), text)


def enclosed(label: int, text: str, marker: str) -> str:
    """Return `text` as the source `label`, between two lines that show the marker."""
    return f"[{label}] {marker}\n{as_data(text, marker)}\n{marker}"


def without_marker(draft: Draft, marker: str, name: str) -> Draft:
    """Return `draft` without the lines that repeat the marker.

    Args:
        draft: What was written.
        marker: That of the request.
        name: Of the generator, for the message.

    Raises:
        GeneratorFailed: If nothing else is left of it.
    """
    if marker.lower() not in draft.text.lower():
        return draft
    lines = [line for line in draft.text.split("\n") if marker.lower() not in line.lower()]
    if not any(line.strip() for line in lines):
        raise GeneratorFailed(f"{name} repeated its prompt instead of answering")
    return replace(draft, text="\n".join(lines))
