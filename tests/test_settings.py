from pathlib import Path

import pytest

from rag.errors import SettingsError
from rag.settings import Settings, describe


def load(env=None, overrides=None, path=None):
    return Settings.load(path, env=env or {}, overrides=overrides)


def test_a_flag_beats_a_variable_beats_the_file(tmp_path):
    file = tmp_path / "rag.toml"
    file.write_text('index = "f"\n[search]\npassages = 3\ncandidates = 30\nfusion = "rrf"\n')

    settings = load(
        {"RAG_SEARCH_PASSAGES": "4", "RAG_SEARCH_CANDIDATES": "40"}, {"search.passages": 5}, file
    )

    assert settings.index == "f"
    assert settings.search.fusion == "rrf"
    assert settings.search.candidates == 40
    assert settings.search.passages == 5


def test_an_override_of_none_is_no_override():
    assert load(overrides={"search.passages": None}) == load()


@pytest.mark.parametrize(
    ("env", "names"),
    [
        ({"RAG_SEARCH_PASSAGES": "500"}, ["search.passages", "500", "[1, 50]"]),
        ({"RAG_SEARCH_PASSAGES": "six"}, ["search.passages", "int", "six"]),
        ({"RAG_SEARCH_FUSION": "best"}, ["search.fusion", "min_max", "best"]),
        ({"RAG_INGEST_OCR": "maybe"}, ["ingest.ocr", "bool", "maybe"]),
        ({"RAG_SERACH_PASSAGES": "5"}, ["RAG_SERACH_PASSAGES", "RAG_SEARCH_PASSAGES"]),
    ],
)
def test_a_bad_variable_names_key_value_and_what_is_allowed(env, names):
    with pytest.raises(SettingsError) as caught:
        load(env)

    assert all(name in str(caught.value) for name in names)


def test_an_unknown_key_in_the_file_is_an_error(tmp_path):
    file = tmp_path / "rag.toml"
    file.write_text("[search]\npassage = 3\n")

    with pytest.raises(SettingsError, match=r"search\.passage.*search\.passages"):
        load(path=file)


def test_a_named_file_that_is_absent_is_an_error_and_an_unnamed_one_is_not(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert load() == Settings(home=load().home)
    with pytest.raises(SettingsError, match="no settings file"):
        load(path=tmp_path / "absent.toml")
    with pytest.raises(SettingsError, match="no settings file"):
        load({"RAG_CONFIG": str(tmp_path / "absent.toml")})


def test_lists_and_switches_are_read_from_variables():
    settings = load({"RAG_INGEST_INCLUDE": "*.md, *.pdf", "RAG_INGEST_OCR": "no"})

    assert settings.ingest.include == ("*.md", "*.pdf")
    assert settings.ingest.ocr is False


def test_home_is_a_folder_and_its_tilde_is_expanded():
    assert load({"RAG_HOME": "~/x"}).home == Path.home() / "x"


def test_every_setting_says_what_it_does():
    assert all(len(help_) > 10 for _, _, help_ in describe())
