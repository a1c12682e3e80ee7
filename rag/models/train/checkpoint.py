"""Training that can be cut off at any moment: weights, optimiser and place, without pickle."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from rag.errors import LoadError
from rag.models.train.reader import Reader, save_reader

_MOMENTS = ("exp_avg", "exp_avg_sq", "step")


@dataclass(frozen=True, slots=True)
class Place:
    """How far a run has come."""

    step: int = 0
    started: float = 0.0
    """When the run began, in seconds since 1970."""
    items: int = 0
    """Learned from so far, repeats included."""
    best: float = -1.0
    """The best development score so far."""


def save_checkpoint(folder: Path, reader: Reader, optimiser: Any, place: Place) -> None:  # noqa: ANN401
    """Replace the checkpoint in `folder`; a crash leaves the old one or the new one."""
    fresh, old = folder.with_name(folder.name + ".new"), folder.with_name(folder.name + ".old")
    shutil.rmtree(fresh, ignore_errors=True)
    save_reader(reader, fresh)
    moments: dict[str, Tensor] = {}
    for name, parameter in reader.named_parameters():
        for key in _MOMENTS:
            if key in (state := optimiser.state.get(parameter, {})):
                moments[f"{key}:{name}"] = torch.as_tensor(state[key]).contiguous()
    save_file(moments, fresh / "optimiser.safetensors")
    (fresh / "place.json").write_text(json.dumps(asdict(place)), encoding="utf-8")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def newest_checkpoint(folder: Path) -> Path | None:
    """Return the checkpoint to go on from, also if the last save was cut off, or None."""
    for path in (folder, folder.with_name(folder.name + ".old")):
        if (path / "place.json").is_file():
            return path
    return None


def load_place(folder: Path, reader: Reader, optimiser: Any) -> Place:  # noqa: ANN401
    """Fill `optimiser`, made over the parameters of `reader`, and return where the run was.

    Raises:
        LoadError: If the checkpoint is damaged or belongs to another model.
    """
    try:
        moments = load_file(folder / "optimiser.safetensors")
        place = Place(**json.loads((folder / "place.json").read_text(encoding="utf-8")))
        trained = [(n, p) for n, p in reader.named_parameters() if f"step:{n}" in moments]
        for name, parameter in trained:
            state = {key: moments[f"{key}:{name}"] for key in _MOMENTS}
            _ = state["exp_avg"].view(parameter.shape)  # raises if the model is another
            optimiser.state[parameter] = state
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise LoadError(f"{folder} is no checkpoint to go on from: {error!r}") from error
    return place
