import pytest

from rag.errors import SettingsError
from rag.index.layout import IndexFolder


@pytest.mark.parametrize("name", ["default", "contracts-2024", "a_b.c", "A"])
def test_a_plain_name_is_one_folder_below_the_indexes(tmp_path, name):
    folder = IndexFolder.named(tmp_path, name)

    assert folder.root == tmp_path / name
    assert folder.name == name


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "a/b", "/etc", "a\\b", "a\n", "é", "a b", ".git", "x" * 101, "\0"],
)
def test_a_name_that_could_be_a_path_is_refused(tmp_path, name):
    with pytest.raises(SettingsError, match="an index name is"):
        IndexFolder.named(tmp_path, name)


@pytest.mark.parametrize("build_id", ["..", "../20261124-063012-3f9a", "", "20261124-063012-", "x"])
def test_a_build_id_never_leaves_the_builds_folder(tmp_path, build_id):
    with pytest.raises(ValueError, match="not a build id"):
        IndexFolder(tmp_path).build(build_id)
