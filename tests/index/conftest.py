import pytest

from rag.index.layout import IndexFolder
from rag.index.ledger import Ledger


@pytest.fixture
def folder(tmp_path):
    return IndexFolder.named(tmp_path / "indexes", "demo")


@pytest.fixture
def ledger(folder):
    with Ledger.open(folder, create=True) as opened:
        yield opened
