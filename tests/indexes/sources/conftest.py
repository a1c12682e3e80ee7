import pytest

from tests.indexes.sources.site import running_site


@pytest.fixture
def site():
    with running_site() as running:
        yield running


@pytest.fixture
def mirror(tmp_path):
    return tmp_path / "mirror" / "site"
