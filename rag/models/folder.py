"""Reading a model's folder safely, and telling weights apart.

No weight is unpickled: safetensors and GGUF only.
"""

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from rag.errors import ModelError, WeightsMissing

_PICKLED = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle"})


def local_folder(model: str) -> Path:
    """Return the folder of `model`, a path or the id of a hub model this machine has.

    Raises:
        WeightsMissing: If it is neither.
        ModelError: If its weights are pickled.
    """
    from huggingface_hub import snapshot_download  # noqa: PLC0415
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError  # noqa: PLC0415

    folder = Path(model).expanduser()
    if not folder.is_dir():
        try:
            folder = Path(snapshot_download(model, local_files_only=True))
        except (LocalEntryNotFoundError, HFValidationError):
            raise WeightsMissing(
                f"{model} is neither a folder nor a hub model on this machine; run:"
                f" rag models fetch {model}"
            ) from None
    refuse_pickles(folder)
    return folder


def refuse_pickles(path: Path) -> None:
    """Pass when a model can be opened without unpickling: safetensors or GGUF.

    Raises:
        ModelError: If the only weights at `path` are pickled, which can run code.
    """
    found = sorted(path.rglob("*")) if path.is_dir() else [path]
    kinds = {file.suffix.lower() for file in found}
    if kinds & _PICKLED and not kinds & {".safetensors", ".gguf"}:
        raise ModelError(
            f"{path} holds pickled weights only ({', '.join(sorted(kinds & _PICKLED))}), which can"
            " run code when opened; convert them to safetensors"
        )


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hex.

    Remembered while the file's size and time stay the same, so that checking a model and
    taking its fingerprint read the weights once a process.
    """
    found = path.stat()
    return _digest(path.resolve(), found.st_size, found.st_mtime_ns)


@lru_cache(maxsize=256)
def _digest(path: Path, _size: int, _time: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in `path`.

    Raises:
        WeightsMissing: If there is no such file.
        ModelError: If it is not a JSON object.
    """
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WeightsMissing(f"{path} is missing; fetch the model again") from None
    except ValueError as error:
        raise ModelError(f"{path} is not JSON ({error}); fetch the model again") from error
    if not isinstance(tree, dict):
        raise ModelError(f"{path} holds no JSON object; fetch the model again")
    return {str(key): value for key, value in tree.items()}


def embedder_fingerprint(folder: Path, pooling: str, max_tokens: int) -> str:
    """Return 32 hex digits, equal exactly when vectors of two embedders may be compared.

    The runtime does not enter: OpenVINO and torch agree to a cosine above 0.999.

    Args:
        folder: Holds the weights as safetensors files.
        pooling: How token vectors became one, and any text put before queries or texts.
        max_tokens: Longest input in tokens.
    """
    weights = sorted(folder.rglob("*.safetensors"))
    parts = [*(sha256_of(path) for path in weights), pooling, str(max_tokens)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
