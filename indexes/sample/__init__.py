"""The sample corpus: an invented ferry company's documents and questions about them."""

from pathlib import Path


def folder() -> Path:
    """Return the folder of the sample, a question set as `rag eval` reads them."""
    return Path(__file__).parent
