"""The words some checkers were trained to find around evidence and claim."""

import copy
import re
from collections.abc import Sequence
from typing import Any

from rag.errors import SettingsError
from rag.models.network import Network

_SLOT = re.compile(r"\{(premise|claim)\}")
_SLACK = 8  # tokens that may come of joining texts


class Template:
    """A text with `{premise}` and `{claim}` in it, and how to fill it within a model's window."""

    def __init__(self, text: str, network: Network, *, slots: Sequence[str]) -> None:
        """Remember `text`.

        Raises:
            SettingsError: If a slot is missing.
        """
        if missing := [slot for slot in slots if f"{{{slot}}}" not in text]:
            raise SettingsError(
                f"setting 'verifier.prompt' for {network.name} lacks {{{missing[0]}}}: {text!r}"
            )
        self._text, self._network = text, network
        # Here a special token of the template, such as "</s>", is meant.
        self._tokenizer: Any = copy.deepcopy(network.tokenizer)
        self._tokenizer.split_special_tokens = False

    def fill(self, premise: str, claim: str, beside: int = 0) -> list[str]:
        """Return the text with both filled in, once for each part of the premise that fits.

        Args:
            premise: Evidence; a long one is cut into overlapping parts.
            claim: What is to be judged.
            beside: Tokens that must be left for another text.

        Raises:
            ModelError: If the claim alone is longer than the model reads.
        """
        around = len(self._tokenizer(self._filled("", claim)).input_ids)
        room = self._network.longest - around - beside - _SLACK
        return [self._filled(part, claim) for part in self._network.parts(premise, room)]

    def encode(self, texts: Sequence[str], seconds: Sequence[str] | None = None) -> Any:  # noqa: ANN401
        """Return a padded batch; `seconds` are the second texts of pairs."""
        seconds = None if seconds is None else [self._plain(text) for text in seconds]
        return self._tokenizer(list(texts), seconds, padding=True, return_tensors="pt")

    def _filled(self, premise: str, claim: str) -> str:
        values = {"premise": self._plain(premise), "claim": self._plain(claim)}
        return _SLOT.sub(lambda slot: values[slot[1]], self._text)

    def _plain(self, text: str) -> str:
        """Return `text` with every special token in it broken, so that it is one no more."""
        for token in self._tokenizer.all_special_tokens:
            text = text.replace(token, f"{token[0]} {token[1:]}")
        return text
