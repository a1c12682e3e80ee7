"""Weights in eight bits: a quarter of the size, one scale for each row.

A row is rounded to whole numbers from -127 to 127 times its scale (symmetric, per channel;
Jacob et al., 2018). What is not a matrix stays in float32.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from rag.errors import ModelError

SCALE = ".scale"


def quantised(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return matrices (rows, columns) as int8 with `NAME.scale` (rows, 1), the rest as it is."""
    small: dict[str, Tensor] = {}
    for name, value in tensors.items():
        if value.ndim != 2:
            small[name] = value.float().contiguous()
            continue
        rows = value.float()
        scale = (rows.abs().amax(dim=1, keepdim=True) / 127).clamp(min=1e-12)
        small[name] = (rows / scale).round().to(torch.int8).contiguous()
        small[name + SCALE] = scale.contiguous()
    return small


def restored(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return `tensors` as float32, eight-bit matrices times their scales.

    Raises:
        ModelError: If a matrix lacks its scale.
    """
    full: dict[str, Tensor] = {}
    for name, value in tensors.items():
        if name.endswith(SCALE):
            continue
        if value.dtype == torch.int8:
            if name + SCALE not in tensors:
                raise ModelError(f"{name} is in eight bits and {name}{SCALE} is missing")
            value = value.float() * tensors[name + SCALE]  # noqa: PLW2901
        full[name] = value.float()
    return full
