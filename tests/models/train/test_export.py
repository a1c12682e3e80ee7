import json

import numpy as np
import pytest
from click.testing import CliRunner

from rag.errors import LoadError
from rag.models.train.__main__ import main
from rag.models.train.export import Calibration, calibrated, read_calibration
from rag.models.train.measure import youden, youden_at
from rag.models.train.reading import Read
from tests.models.tiny import make_tiny_encoder
from tests.models.train.made import write_question_set, write_training_set


def reads_of(truth, seed=0):
    rng = np.random.default_rng(seed)
    return [Read(0, 1, float(rng.normal(t, 1)), float(rng.normal(2 * t, 1)), 0.0) for t in truth]


def test_a_calibrated_probability_is_a_share():
    truth = [row % 3 == 0 for row in range(3000)]
    reads = reads_of(truth)

    likely = calibrated(truth, reads).probability(reads)

    middle = (likely > 0.4) & (likely < 0.6)
    assert middle.sum() > 50
    assert np.asarray(truth)[middle].mean() == pytest.approx(0.5, abs=0.1)
    assert likely.mean() == pytest.approx(1 / 3, abs=0.01)


def test_the_threshold_is_the_best_on_the_items_fitted_on():
    truth = [row % 3 == 0 for row in range(300)]
    reads = reads_of(truth)

    fitted = calibrated(truth, reads)

    likely = fitted.probability(reads)
    assert youden_at(truth, likely, fitted.threshold) == youden(truth, likely)[0] > 0.3


def test_separable_scores_have_finite_weights():
    truth = [True] * 20 + [False] * 20
    reads = [Read(0, 1, 9.0 if t else -9.0, 9.0 if t else -9.0, 0.0) for t in truth]

    likely = calibrated(truth, reads).probability(reads)

    assert np.isfinite(likely).all()
    assert likely[0] > 0.9
    assert likely[-1] < 0.1


def test_one_kind_of_item_cannot_be_calibrated_on():
    with pytest.raises(LoadError, match="both needed"):
        calibrated([True, True], reads_of([True, True]))


def test_a_calibration_that_is_not_finite_is_refused(tmp_path):
    values = {"bias": float("nan"), "judge": 1.0, "margin": 1.0}
    (tmp_path / "reader.json").write_text(json.dumps({"calibration": values}))

    with pytest.raises(LoadError, match=r"reader\.json holds no calibration"):
        read_calibration(tmp_path)


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
    ask("export", root / "run" / "last", root / "out", "--base", base, "--dev", dev)
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
    assert {"auc", "youden_fixed"} <= after.keys()


def test_an_exported_reader_holds_no_matrix_in_full(trained):
    sizes = [(trained / name / "model.safetensors").stat().st_size for name in ("run/last", "out")]

    assert sizes[1] < 0.6 * sizes[0]
    assert read_calibration(trained / "out") != Calibration(0.0, 0.0, 0.0)


def test_a_wrong_folder_is_a_message_and_no_traceback(trained):
    words = ["score", trained / "set", trained / "set", "--base", trained / "base"]

    result = CliRunner().invoke(main, [str(word) for word in words])

    assert result.exit_code == 1
    assert "Error:" in result.output
    assert "config.json is missing" in result.output
    assert "Traceback" not in result.output
