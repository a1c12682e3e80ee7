"""Checkers that are no plain NLI pair: with words around the pair, by token, or that write."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from rag.errors import ModelError
from rag.models.folder import local_folder, read_json
from rag.models.labels import ENTAILMENT, best_of_each, columns_of, matched, probabilities
from rag.models.network import BATCH, Network
from rag.models.template import Template
from rag.models.verifier import CrossEncoderVerifier
from rag.protocols import Floats, Verifier

# The form without a question on which LettuceDetect's models were trained (Kovacs, 2025).
_DETECT = "Summarize the following text:\n{premise}\noutput:"
# TRUE (Honovich et al., 2022); the answer is "1" or "0", as MiniCheck's is (Tang et al., 2024).
_WRITE = "premise: {premise} hypothesis: {claim}"
_YES, _NO = "1", "0"


def open_verifier(
    model: str,
    *,
    labels: Sequence[str] = (),
    prompt: str = "",
    device: str = "cpu",
    precision: str = "auto",
) -> Verifier:
    """Return the verifier that suits the head of `model`.

    Args:
        model: A folder with safetensors weights, or a hub id the machine already has.
        labels: What each output means, where its configuration does not say.
        prompt: Text around `{premise}` and `{claim}` that the model was trained with.
        device: A torch device, such as `cpu` or `cuda`.
        precision: As `Network` takes it.

    Raises:
        WeightsMissing: If the model is not on this machine.
        ModelError: If its weights are pickled, or it has no head that can judge.
        SettingsError: If labels or prompt do not suit it.
    """
    folder = str(local_folder(model))
    found = read_json(local_folder(model) / "config.json").get("architectures")
    head = str(found[0]) if isinstance(found, list) and found else ""
    if head.endswith("ForTokenClassification"):
        return TokenVerifier(folder, labels, prompt, device=device, precision=precision)
    if head.endswith("ForConditionalGeneration"):
        return WritingVerifier(folder, prompt, device=device, precision=precision)
    if prompt:
        return PromptedVerifier(folder, labels, prompt, device=device, precision=precision)
    return CrossEncoderVerifier(folder, labels, device=device, precision=precision)


class PromptedVerifier:
    """A classifier of one text that holds evidence and claim, such as FactCG and MiniCheck."""

    def __init__(
        self,
        model: str,
        labels: Sequence[str],
        prompt: str,
        *,
        device: str = "cpu",
        precision: str = "auto",
    ) -> None:
        """Open `model`; the arguments and errors are those of `open_verifier`."""
        head = "AutoModelForSequenceClassification"
        self._network = Network(model, head, device=device, precision=precision)
        self._columns = columns_of(self._network.config.id2label, self._network.name, labels)
        self._template = Template(prompt, self._network, slots=("premise", "claim"))
        self.name = self._network.name

    def infer(self, premises: Sequence[str], hypotheses: Sequence[str]) -> Floats:
        """Return (entailment, neutral, contradiction), as `CrossEncoderVerifier` does."""
        texts, owners = _laid_out(self._template, premises, hypotheses)
        rows = [np.zeros((0, 3), np.float32)]
        for batch in _batches(texts):
            output = self._network.run(self._template.encode(batch))
            rows.append(probabilities(output.logits.float().cpu().numpy(), self._columns))
        return best_of_each(np.concatenate(rows), owners, len(hypotheses))


class TokenVerifier:
    """Marks the words of a claim that its evidence does not hold; the worst word counts.

    Entailment is 1 less the greatest probability of a token to be made up, so that a claim
    that is right but for one number is not supported.
    """

    def __init__(
        self,
        model: str,
        labels: Sequence[str] = (),
        prompt: str = "",
        *,
        device: str = "cpu",
        precision: str = "auto",
    ) -> None:
        """Open `model`; without names or `labels`, its second output is "made up".

        The arguments and errors are those of `open_verifier`.
        """
        head = "AutoModelForTokenClassification"
        self._network = Network(model, head, device=device, precision=precision)
        self.name = self._network.name
        named = dict(self._network.config.id2label)
        unnamed = named == {0: "LABEL_0", 1: "LABEL_1"}
        given = labels or (("supported", "hallucinated") if unnamed else ())
        self._columns = columns_of(named, self.name, given)
        self._template = Template(prompt or _DETECT, self._network, slots=("premise",))

    def infer(self, premises: Sequence[str], hypotheses: Sequence[str]) -> Floats:
        """Return (entailment, neutral, contradiction), as `CrossEncoderVerifier` does.

        A hypothesis without words is not entailed.
        """
        pairs = zip(matched(premises, hypotheses), hypotheses, strict=True)
        laid = [
            (text, row)
            for row, (premise, claim) in enumerate(pairs)
            for text in self._template.fill(premise, "", beside=self._network.count(claim))
        ]
        rows: list[Floats] = [np.zeros((0, 3), np.float32)]
        for batch in _batches(laid):
            claims = [hypotheses[row] for _, row in batch]
            rows.append(self._rows([text for text, _ in batch], claims))
        return best_of_each(np.concatenate(rows), [row for _, row in laid], len(hypotheses))

    def _rows(self, texts: Sequence[str], claims: Sequence[str]) -> Floats:
        encoded = self._template.encode(texts, claims)
        logits = self._network.run(encoded).logits.float().cpu().numpy()  # (n, tokens, labels)
        rows = np.tile(np.asarray([0, 1, 0], np.float32), (len(texts), 1))
        for row in range(len(texts)):
            of_claim = np.asarray([part == 1 for part in encoded.sequence_ids(row)])
            if of_claim.any():
                shares = probabilities(logits[row][of_claim], self._columns)
                rows[row] = shares[shares[:, ENTAILMENT].argmin()]
        return rows


class WritingVerifier:
    """A sequence-to-sequence model that writes 1 for supported and 0 for not (T5)."""

    def __init__(
        self, model: str, prompt: str = "", *, device: str = "cpu", precision: str = "auto"
    ) -> None:
        """Open `model`; the arguments and errors are those of `open_verifier`."""
        head = "AutoModelForSeq2SeqLM"
        self._network = Network(model, head, device=device, precision=precision)
        self.name = self._network.name
        self._template = Template(prompt or _WRITE, self._network, slots=("premise", "claim"))
        self._words = [self._first_token(word) for word in (_YES, _NO)]
        if self._words[0] == self._words[1]:
            raise ModelError(f"{self.name} writes {_YES} and {_NO} alike; it is no checker")

    def infer(self, premises: Sequence[str], hypotheses: Sequence[str]) -> Floats:
        """Return (entailment, neutral, contradiction), as `CrossEncoderVerifier` does."""
        texts, owners = _laid_out(self._template, premises, hypotheses)
        rows = [np.zeros((0, 3), np.float32)]
        for batch in _batches(texts):
            encoded = self._template.encode(batch)
            start = encoded["input_ids"].new_full(
                (len(batch), 1), int(self._network.config.decoder_start_token_id)
            )
            output = self._network.run(encoded, decoder_input_ids=start)
            logits = output.logits[:, 0, self._words].float().cpu().numpy()  # (n, 2)
            rows.append(probabilities(logits, (0, 1)))
        return best_of_each(np.concatenate(rows), owners, len(hypotheses))

    def _first_token(self, word: str) -> int:
        return int(self._network.tokenizer(word, add_special_tokens=False).input_ids[0])


def _laid_out(
    template: Template, premises: Sequence[str], hypotheses: Sequence[str]
) -> tuple[list[str], list[int]]:
    """Return the filled texts, and the pair each is of."""
    texts: list[str] = []
    owners: list[int] = []
    pairs = zip(matched(premises, hypotheses), hypotheses, strict=True)
    for row, (premise, claim) in enumerate(pairs):
        filled = template.fill(premise, claim)
        texts += filled
        owners += [row] * len(filled)
    return texts, owners


def _batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
