import pytest

from rag.index.layout import IndexFolder


@pytest.fixture
def folder(tmp_path):
    return IndexFolder.named(tmp_path / "home" / "indexes", "demo")
