"""Text to unit vectors: a fast OpenVINO path for BERT encoders, sentence-transformers for the rest.

Neither cuts a text silently: a text longer than the model reads is an error. Only a query may
be cut, because a question's tail is worth less than no answer at all.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rag.errors import ModelError
from rag.models.folder import embedder_fingerprint, local_folder, read_json, refuse_pickles
from rag.models.registry import Registry
from rag.models.runner import Runner, by_length, padded, read_tokenizer
from rag.protocols import Embedder, Floats

_BATCH = 8  # larger batches gain nothing on a CPU and wait for their longest text


def open_embedder(
    model: str, models_folder: Path, *, runtime: str = "auto", threads: int = 0
) -> Embedder:
    """Return the embedder called `model`, its files checked.

    Args:
        model: A registered name, a folder, or a fetched hub id.
        models_folder: Where fetched models are kept.
        runtime: `openvino`, `torch`, or `auto`, which takes OpenVINO for registered models.
        threads: CPU threads; 0 takes all.

    Raises:
        WeightsMissing: If the files are not on this machine; the message says how to get them.
        WeightsAltered: If a file does not match its checksum.
        ModelError: If `openvino` is asked for a model it cannot run.
    """
    registry = Registry.load(models_folder)
    folder = registry.verify(model)
    name = model if model in registry.names() else Path(model).name
    if runtime == "openvino" or (runtime == "auto" and model in registry.names()):
        return OpenVinoEmbedder(folder, name=name, threads=threads)
    return SentenceTransformerEmbedder(str(folder), name=name, threads=threads)


class OpenVinoEmbedder:
    """Runs a mean-pooled BERT encoder such as all-MiniLM-L6-v2 on the CPU, without torch.

    Uses bfloat16 where the processor computes in it, float32 elsewhere. Safe to share between
    threads.
    """

    def __init__(self, folder: Path, *, name: str = "", threads: int = 0) -> None:
        """Open the model in `folder`.

        Args:
            folder: Holds `model.safetensors`, `config.json`, `tokenizer.json` and
                `sentence_bert_config.json`; check it first, see `Registry.verify`.
            name: What people call the model; the folder's name by default.
            threads: CPU threads; 0 takes all.

        Raises:
            WeightsMissing: If a file is absent.
            ModelError: If the model is not a BERT encoder.
        """
        from rag.models.bert import mean_pooled_bert  # noqa: PLC0415  (imports OpenVINO)

        refuse_pickles(folder)
        self.name = name or folder.name
        self.max_tokens = int(read_json(folder / "sentence_bert_config.json")["max_seq_length"])
        self.fingerprint = embedder_fingerprint(folder, "mean", self.max_tokens)
        self._tokenizer = read_tokenizer(folder)
        model = mean_pooled_bert(folder)
        self.dim = int(model.output(0).get_partial_shape()[1].get_length())
        self._runner = Runner(model, threads)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the length of each text in tokens, special tokens included, nothing cut."""
        return [len(encoding) for encoding in self._tokenizer.encode_batch_fast(list(texts))]

    def embed_queries(self, queries: Sequence[str]) -> Floats:
        """Return unit rows, shape (n, dim); a query is cut at `max_tokens`."""
        last = self._tokenizer.token_to_id("[SEP]")
        rows = [e.ids for e in self._tokenizer.encode_batch_fast(list(queries))]
        longest = self.max_tokens
        return self._embed([r if len(r) <= longest else [*r[: longest - 1], last] for r in rows])

    def embed_texts(self, texts: Sequence[str]) -> Floats:
        """Return unit rows, shape (n, dim).

        Raises:
            ModelError: If a text is longer than `max_tokens`.
        """
        rows = [e.ids for e in self._tokenizer.encode_batch_fast(list(texts))]
        refuse_long_texts(self.name, [len(row) for row in rows], self.max_tokens)
        return self._embed(rows)

    def _embed(self, rows: list[list[int]]) -> Floats:
        vectors = np.empty((len(rows), self.dim), np.float32)
        batches = by_length(rows, _BATCH)
        inputs = (
            [padded(chosen), padded([[1] * len(row) for row in chosen])]
            for chosen in ([rows[row] for row in batch] for batch in batches)
        )
        for batch, outputs in zip(batches, self._runner.run(inputs), strict=True):
            vectors[batch] = outputs[0]
        return unit_rows(vectors)


class SentenceTransformerEmbedder:
    """Runs any sentence-transformers model, by folder or hub id, on CPU or GPU."""

    def __init__(
        self, model: str, *, name: str = "", device: str = "cpu", threads: int = 0
    ) -> None:
        """Open `model`.

        Args:
            model: A folder with safetensors weights, or a hub id the machine already has.
            name: What people call the model; the end of `model` by default.
            device: A torch device, such as `cpu` or `cuda`.
            threads: CPU threads; 0 leaves torch's choice.

        Raises:
            WeightsMissing: If the model is not on this machine.
            ModelError: If its weights are pickled.
        """
        import torch  # noqa: PLC0415  (takes seconds; only when this runtime is asked for)
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415

        if threads:
            torch.set_num_threads(threads)
        folder = local_folder(model)
        self._model = SentenceTransformer(
            str(folder), device=device, trust_remote_code=False, local_files_only=True,
            model_kwargs={"use_safetensors": True},
        )  # fmt: skip
        self.name = name or Path(model).name
        self.dim = int(self._model.get_embedding_dimension() or 0)
        self.max_tokens = int(self._model.get_max_seq_length() or 0)
        self.fingerprint = embedder_fingerprint(folder, self._pooling(), self.max_tokens)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the length of each text in tokens, special tokens included, nothing cut."""
        if not texts:
            return []
        encoded = self._model.tokenizer(list(texts), truncation=False, verbose=False)
        return [len(ids) for ids in encoded["input_ids"]]

    def embed_queries(self, queries: Sequence[str]) -> Floats:
        """Return unit rows, shape (n, dim); a query is cut at `max_tokens`."""
        if not queries:
            return np.empty((0, self.dim), np.float32)
        return unit_rows(self._model.encode_query(list(queries), show_progress_bar=False))

    def embed_texts(self, texts: Sequence[str]) -> Floats:
        """Return unit rows, shape (n, dim).

        Raises:
            ModelError: If a text is longer than `max_tokens`.
        """
        if not texts:
            return np.empty((0, self.dim), np.float32)
        refuse_long_texts(self.name, self.count_tokens(texts), self.max_tokens)
        return unit_rows(self._model.encode_document(list(texts), show_progress_bar=False))

    def _pooling(self) -> str:
        modes = [str(getattr(part, "pooling_mode", "")) for part in self._model]
        prompts = {key: text for key, text in sorted(self._model.prompts.items()) if text}
        return "+".join(filter(None, modes)) + (json.dumps(prompts) if prompts else "")


def refuse_long_texts(name: str, lengths: Sequence[int], max_tokens: int) -> None:
    """Pass when no text is longer than the model reads.

    Raises:
        ModelError: Naming the first text that is too long.
    """
    for row, length in enumerate(lengths):
        if length > max_tokens:
            raise ModelError(
                f"text {row} has {length} tokens and {name} reads {max_tokens}; the rest would be"
                " ignored: split it first (split.size)"
            )


def unit_rows(vectors: Any) -> Floats:  # noqa: ANN401  (an array of any float type)
    """Return `vectors`, shape (n, dim), as float32 rows of length 1."""
    rows = np.asarray(vectors, np.float32)
    lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    unit: Floats = (rows / lengths).astype(np.float32, copy=False)
    return unit
