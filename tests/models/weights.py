"""Real weights for the tests marked `model`: fetched before, or the test is skipped."""

from pathlib import Path

import pytest

from rag.errors import WeightsMissing
from rag.models.registry import Registry
from rag.settings import Settings


def real_weights(name: str) -> Path:
    """Return where a registered model lies, checked; skip the test when it is not there."""
    try:
        return Registry.load(Settings.load().models).verify(name)
    except WeightsMissing as error:
        pytest.skip(f"needs real weights: {error}")
