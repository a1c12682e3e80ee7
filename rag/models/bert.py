"""A BERT encoder, written down as an OpenVINO graph, and the vectors and readings made with it.

The graph is built from `config.json` and `model.safetensors` in a few milliseconds, so that
no exported copy of the weights has to be made, stored and checked, and answering a question
never imports torch.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from openvino import opset13 as op
from safetensors import SafetensorError
from safetensors.numpy import load_file

from rag.errors import ModelError, WeightsMissing
from rag.models.folder import read_json

Weights = Callable[[str], np.ndarray[Any, Any]]
_FAR = np.float32(-1e9)


def mean_pooled_bert(folder: Path) -> ov.Model:
    """Return a model from (ids, mask), each (n, tokens) int64, to vectors of shape (n, dim).

    Raises:
        WeightsMissing: If a file is absent.
        ModelError: If the folder holds another architecture.
    """
    config, weights = read_bert(folder)
    ids, mask = (op.parameter([-1, -1], np.int64, name=name) for name in ("ids", "mask"))
    hidden = encoder(ids, mask, None, bert_weights(weights), config)
    return ov.Model([_mean(hidden, mask)], [ids, mask], "mean_pooled_bert")


def read_bert(folder: Path) -> tuple[dict[str, Any], Weights]:
    """Return the configuration of the encoder in `folder`, and its tensors by name, float32.

    A matrix in eight bits is multiplied by its scales, one a row, kept under `NAME.scale`.

    Raises:
        WeightsMissing: If a file is absent.
        ModelError: If the folder holds another architecture; by the function, if a tensor is
            asked for that is not there.
    """
    config = read_json(folder / "config.json")
    _check(config, folder)
    tensors = _tensors(folder / "model.safetensors")

    def weights(name: str) -> np.ndarray[Any, Any]:
        try:
            found = tensors[name]
            scale = tensors[f"{name}.scale"] if found.dtype == np.int8 else np.float32(1)
        except KeyError as error:
            raise ModelError(
                f"{folder}: model.safetensors lacks {error.args[0]}; fetch it again"
            ) from None
        return np.asarray(found.astype(np.float32, copy=False) * scale, np.float32)

    return config, weights


def bert_weights(weights: Weights) -> Weights:
    """Return `weights` by their names without the prefix that some files put before them."""
    try:
        weights("bert.embeddings.LayerNorm.bias")
    except ModelError:
        return weights
    return lambda name: weights(f"bert.{name}")


def encoder(ids: Any, mask: Any, types: Any, weights: Weights, config: dict[str, Any]) -> Any:  # noqa: ANN401  (nodes of the graph are untyped)
    """Return the hidden states, shape (n, tokens, dim).

    Args:
        ids: Node of shape (n, tokens).
        mask: Node of shape (n, tokens), 0 where a row is padded.
        types: Node of shape (n, tokens), 1 in the second text of a pair; None for single texts.
        weights: As `bert_weights` returns them.
        config: The model's.
    """
    far = op.multiply(op.subtract(op.constant(1.0, np.float32), as_float(mask)), op.constant(_FAR))
    bias = op.unsqueeze(far, op.constant([1, 2]))  # (n, 1, 1, tokens)
    hidden = _embeddings(ids, types, weights, config)
    for layer in range(config["num_hidden_layers"]):
        hidden = _layer(hidden, bias, weights, f"encoder.layer.{layer}", config)
    return hidden


def _tensors(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    try:
        return load_file(path)
    except FileNotFoundError:
        raise WeightsMissing(f"{path} is missing; fetch the model again") from None
    except SafetensorError as error:
        raise ModelError(f"{path} cannot be read ({error}); fetch the model again") from error


def _check(config: dict[str, Any], folder: Path) -> None:
    found = (
        config.get("model_type"),
        config.get("hidden_act"),
        config.get("position_embedding_type", "absolute"),
    )
    if found != ("bert", "gelu", "absolute"):
        raise ModelError(
            f"{folder} is a {'/'.join(map(str, found))} model, not bert/gelu/absolute;"
            " set embedder.runtime to torch"
        )


def as_float(node: Any) -> Any:  # noqa: ANN401
    """Return the numbers of `node` as float32."""
    return op.convert(node, "f32")


def dense(hidden: Any, weights: Weights, name: str) -> Any:  # noqa: ANN401
    """Return `hidden`, shape (..., in), through the linear layer called `name`."""
    product = op.matmul(hidden, op.constant(weights(f"{name}.weight")), False, True)
    return op.add(product, op.constant(weights(f"{name}.bias")))


def _embeddings(ids: Any, types: Any, weights: Weights, config: dict[str, Any]) -> Any:  # noqa: ANN401
    place = weights("embeddings.position_embeddings.weight")
    kinds = weights("embeddings.token_type_embeddings.weight")
    if types is None:  # every token has type 0, so its vector joins the positions
        place = place + kinds[0]
    zero, one = op.constant([0]), op.constant([1])
    length = op.gather(op.shape_of(ids), op.constant([1]), op.constant(0))
    words = op.gather(
        op.constant(weights("embeddings.word_embeddings.weight")), ids, op.constant(0)
    )
    places = op.slice(op.constant(place), zero, length, one, zero)
    hidden = op.add(words, places)
    if types is not None:
        hidden = op.add(hidden, op.gather(op.constant(kinds), types, op.constant(0)))
    return _norm(hidden, weights, "embeddings.LayerNorm", config)


def _layer(hidden: Any, bias: Any, weights: Weights, name: str, config: dict[str, Any]) -> Any:  # noqa: ANN401
    attended = _attention(hidden, bias, weights, f"{name}.attention.self", config)
    attended = dense(attended, weights, f"{name}.attention.output.dense")
    hidden = op.add(hidden, attended)
    hidden = _norm(hidden, weights, f"{name}.attention.output.LayerNorm", config)
    inner = op.gelu(dense(hidden, weights, f"{name}.intermediate.dense"), "erf")
    hidden = op.add(hidden, dense(inner, weights, f"{name}.output.dense"))
    return _norm(hidden, weights, f"{name}.output.LayerNorm", config)


def _attention(hidden: Any, bias: Any, weights: Weights, name: str, config: dict[str, Any]) -> Any:  # noqa: ANN401
    heads = config["num_attention_heads"]
    split = op.constant([0, 0, heads, config["hidden_size"] // heads])
    turn = op.constant([0, 2, 1, 3])  # (n, tokens, heads, width) <-> (n, heads, tokens, width)
    query, key, value = (
        op.transpose(op.reshape(dense(hidden, weights, f"{name}.{part}"), split, True), turn)
        for part in ("query", "key", "value")
    )
    mixed = op.scaled_dot_product_attention(query, key, value, bias)
    return op.reshape(op.transpose(mixed, turn), op.constant([0, 0, config["hidden_size"]]), True)


def _norm(hidden: Any, weights: Weights, name: str, config: dict[str, Any]) -> Any:  # noqa: ANN401
    scaled = op.mvn(hidden, op.constant([2]), True, config["layer_norm_eps"], "inside_sqrt")
    scaled = op.multiply(scaled, op.constant(weights(f"{name}.weight")))
    return op.add(scaled, op.constant(weights(f"{name}.bias")))


def _mean(hidden: Any, mask: Any) -> Any:  # noqa: ANN401
    kept = op.unsqueeze(as_float(mask), op.constant([2]))
    total = op.reduce_sum(op.multiply(hidden, kept), op.constant([1]))
    return op.divide(total, op.reduce_sum(kept, op.constant([1])))
