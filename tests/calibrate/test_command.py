import json
import tomllib
from importlib import import_module
from pathlib import Path

import click
import pytest

from rag.assemble import Rag
from rag.calibrate.bounds import Bound
from rag.calibrate.file import read
from rag.calibrate.questions.given import given
from rag.calibrate.questions.make import make
from rag.calibrate.run import Questions, Terms
from rag.calibrate.summary import lines
from rag.errors import IndexNotFound, RagError, SettingsError
from rag.index.layout import IndexFolder
from rag.measure.calibrate import command, measured
from rag.testing import pipeline_of
from rag.types import Mode
from tests.calibrate.test_make import shipyard
from tests.models.weights import real_weights

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def rag():
    return pipeline_of(shipyard())


@pytest.fixture
def folder(tmp_path):
    return IndexFolder(tmp_path)


def calibrated(rag, folder, alpha, bound=Bound.BATCH):
    ids = [d.id for d in rag.snapshot.documents]
    asked, sha256 = make(rag, ids, count=60).write(folder.made_questions, ids)
    about = Questions("made", sha256, str(folder.made_questions))
    terms = (Mode.EXTRACTIVE, Terms(alpha, 0.05, bound))
    return measured(rag, folder, asked, about, terms, lambda *_: None)


def test_the_command_is_registered_where_rag_looks_for_it():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, name = project["entry-points"]["quotewell.commands"]["calibrate"].partition(":")

    assert getattr(import_module(module), name) is command
    assert isinstance(command, click.Command)


def test_a_calibration_is_kept_and_told_in_words(rag, folder):
    found = calibrated(rag, folder, 0.7, Bound.RISK)

    entry = read(folder.calibration)[Mode.EXTRACTIVE]
    assert entry == found.entry
    text = "\n".join(lines(found))
    assert "source: made" in text
    assert "at most 70% are wrong, with 95% certainty" in text
    assert "held-out document" in text
    assert given(folder.made_questions, [])[1] == entry.report["questions"]["sha256"]


def test_a_refusal_is_one_sentence_that_says_how_many_are_needed(rag, folder):
    found = calibrated(rag, folder, 0.01)

    assert found.promise.point is None
    assert found.entry.calibration.threshold is None
    text = "\n".join(lines(found))
    assert "No promise of at most 1% wrong" in text
    assert f"it takes {found.promise.needed} answers or more" in text
    assert "answer.relevance_floor" in text


def test_modes_stand_beside_each_other_in_the_file(rag, folder):
    calibrated(rag, folder, 0.5)
    tree = json.loads(folder.calibration.read_text())
    tree["modes"]["generative"] = tree["modes"]["extractive"]
    folder.calibration.write_text(json.dumps(tree))

    calibrated(rag, folder, 0.6)

    kept = read(folder.calibration)
    assert set(kept) == {Mode.EXTRACTIVE, Mode.GENERATIVE}
    assert kept[Mode.EXTRACTIVE].report["alpha"] == 0.6
    assert kept[Mode.GENERATIVE].report["alpha"] == 0.5


def test_a_damaged_file_is_replaced(rag, folder):
    folder.calibration.write_text("{")

    calibrated(rag, folder, 0.5)

    assert Mode.EXTRACTIVE in read(folder.calibration)


def test_remove_of_an_index_that_is_not_there_says_so():
    with pytest.raises(IndexNotFound, match="absent"):
        command.main(["--remove", "-i", "absent"], standalone_mode=False)


def test_an_index_that_is_not_there_is_a_sentence():
    with pytest.raises(RagError, match="absent"):
        command.main(["-i", "absent"], standalone_mode=False)


@pytest.mark.parametrize("words", [["--risk", "0"], ["--risk", "1"], ["--delta", "2"]])
def test_a_risk_that_is_no_share_is_refused(words):
    with pytest.raises(click.BadParameter):
        command.main(words, standalone_mode=False)


def test_a_name_that_is_no_folder_name_is_refused():
    with pytest.raises(SettingsError, match="index name"):
        command.main(["-i", "../elsewhere"], standalone_mode=False)


@pytest.mark.model
def test_from_an_index_to_a_calibrated_answer_and_back(tmp_path, monkeypatch):
    (tmp_path / "models").symlink_to(real_weights("all-MiniLM-L6-v2").parent)
    monkeypatch.setenv("RAG_HOME", str(tmp_path))
    (tmp_path / "docs").mkdir()
    for name, text in shipyard().items():
        (tmp_path / "docs" / name).write_text(text)
    Rag.ingest([tmp_path / "docs"], "yard")

    command.main(["-i", "yard", "--risk", "0.5"], standalone_mode=False)
    with Rag.open("yard") as rag:
        told = rag.ask("How many passengers can the tug carry?")
    command.main(["-i", "yard", "--remove"], standalone_mode=False)
    with Rag.open("yard") as rag:
        raw = rag.ask("How many passengers can the tug carry?")

    assert told.calibrated == "made"
    assert raw.calibrated == ""
    assert told.text == raw.text
