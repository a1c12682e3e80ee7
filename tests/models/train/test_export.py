import json

import pytest
from click.testing import CliRunner

from rag.models.train.__main__ import main
from tests.models.tiny import make_tiny_encoder
from tests.models.train.made import write_question_set, write_training_set


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Run the commands as a person does, on a small set, in half a second of training."""
    root = tmp_path_factory.mktemp("train")
    base, dev = make_tiny_encoder(root / "base"), write_question_set(root / "set")
    data = write_training_set(root / "data")
    ask("prepare", data, root / "data.npz", "--base", base)
    ask(
        "fit", root / "data.npz", root / "run", "--base", base, "--until", "2000-01-01",
        "--dev", dev,
    )  # fmt: skip
    ask("export", root / "run" / "last", root / "out", "--base", base)
    return root


def ask(*words):
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    return result.output


def test_an_exported_reader_scores_as_the_trained_one(trained):
    words = [trained / "set", "--base", trained / "base", "--half", "report"]

    before = json.loads(ask("score", trained / "run" / "last", *words))
    after = json.loads(ask("score", trained / "out", *words))

    assert after["n"] == before["n"] > 5
    assert after["f1"] == pytest.approx(before["f1"], abs=0.05)
    assert after["auc_judge"] == pytest.approx(before["auc_judge"], abs=0.1)


def test_an_exported_reader_holds_no_matrix_in_full(trained):
    sizes = [(trained / name / "model.safetensors").stat().st_size for name in ("run/last", "out")]

    assert sizes[1] < 0.6 * sizes[0]


def test_a_wrong_folder_is_a_message_and_no_traceback(trained):
    words = ["score", trained / "set", trained / "set", "--base", trained / "base"]

    result = CliRunner().invoke(main, [str(word) for word in words])

    assert result.exit_code == 1
    assert "Error:" in result.output
    assert "config.json is missing" in result.output
    assert "Traceback" not in result.output
