import pytest

from rag.custody.bundle import export_index
from rag.evaluate.feedback import add
from rag.index.layout import IndexFolder
from tests.custody.archives import DOCUMENTS, QUESTIONS
from tests.custody.material import TEXTS, index_of, opened


@pytest.fixture
def folder(tmp_path):
    return IndexFolder.named(tmp_path / "home" / "indexes", "demo")


@pytest.fixture
def home(folder):
    return folder.root.parent.parent


@pytest.fixture
def index(folder):
    index_of(folder, TEXTS)
    return folder


@pytest.fixture
def archive(folder, tmp_path):
    """Return an archive of an index with feedback."""
    index_of(folder, DOCUMENTS)
    rag = opened(folder)
    add(folder, rag.ask(QUESTIONS[0]), "right")
    rag.snapshot.close()
    export_index(folder, tmp_path / "demo.tar")
    return tmp_path / "demo.tar"


@pytest.fixture
def elsewhere(tmp_path):
    indexes = tmp_path / "elsewhere" / "indexes"
    indexes.mkdir(parents=True)
    return indexes


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Return an archive that nobody changes."""
    path = tmp_path_factory.mktemp("exported")
    folder = IndexFolder(path / "demo")
    index_of(folder, DOCUMENTS)
    rag = opened(folder)
    add(folder, rag.ask(QUESTIONS[0]), "right")
    rag.snapshot.close()
    export_index(folder, path / "demo.tar")
    return path / "demo.tar"
