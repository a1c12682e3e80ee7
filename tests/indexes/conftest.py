import pytest

from tests.indexes.shelf import Shelf


@pytest.fixture
def shelf(tmp_path):
    shelf = Shelf(tmp_path)
    shelf.write("mill.md", "# Mill\n\nThe mill opens at nine.\n")
    shelf.write("pier.md", "# Pier\n\nThe pier closes at dusk.\n")
    shelf.write("lamp.md", "# Lamp\n\nThe lamp burns whale oil.\n")
    shelf.write("deep/rope.md", "# Rope\n\nThe rope is forty metres long.\n")
    return shelf
