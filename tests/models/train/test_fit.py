import json
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from rag.errors import LoadError
from rag.models.train.batches import make_batch
from rag.models.train.checkpoint import Place, load_place, newest_checkpoint, save_checkpoint
from rag.models.train.encode import encode
from rag.models.train.fit import Plan, fit, make_optimiser, rate_at
from rag.models.train.reader import fresh_reader, load_reader, loss_of
from rag.models.train.reading import read_passages
from rag.models.train.sources import read_examples
from tests.models.tiny import make_tiny_encoder, tiny_tokenizer
from tests.models.train.made import write_training_set


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return make_tiny_encoder(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def encoded(tmp_path_factory):
    folder = write_training_set(tmp_path_factory.mktemp("data"))
    return encode(read_examples(folder), tiny_tokenizer(), np.random.default_rng(0))


def plan(steps, seconds=60.0):
    return Plan(
        time.time() + seconds, tokens=400, encoder_rate=5e-3, head_rate=1e-2, most_steps=steps
    )


def silent(reader):
    return 0.0, {}


def test_a_reader_learns_what_it_is_shown(base, encoded, tmp_path):
    torch.manual_seed(0)
    batch = make_batch(encoded, np.arange(len(encoded)))

    def loss(reader):
        with torch.inference_mode():
            said = reader.eval()(batch.ids, batch.mask, batch.types, batch.readable)
            return float(loss_of(said, batch))

    fit(base, encoded, tmp_path, replace(plan(40), warmup=0.001), silent)

    assert loss(load_reader(tmp_path / "last")) < 0.6 * loss(fresh_reader(base))


def test_the_rate_rises_and_falls_to_zero():
    rates = [rate_at(share, 0.1) for share in (0, 0.05, 0.1, 0.55, 1, 1.5)]

    assert rates == pytest.approx([0, 0.5, 1, 0.5, 0, 0])


def test_a_run_is_over_when_its_time_is(base, encoded, tmp_path):
    place = fit(base, encoded, tmp_path, plan(None, seconds=0.5), silent)

    assert 0 < place.step < 10_000
    assert json.loads((tmp_path / "STATUS").read_text())["minutes_left"] <= 0


def test_a_run_goes_on_where_it_was_cut_off(base, encoded, tmp_path):
    first = fit(base, encoded, tmp_path, plan(3), silent)
    second = fit(base, encoded, tmp_path, plan(5), silent)

    assert (first.step, second.step) == (3, 5)
    assert second.started == first.started
    assert second.items > first.items > 0


def test_a_checkpoint_brings_back_the_optimiser(base, encoded, tmp_path):
    place = fit(base, encoded, tmp_path, plan(3), silent)
    reader = load_reader(tmp_path / "checkpoint")
    optimiser = make_optimiser(reader, plan(3))

    again = load_place(tmp_path / "checkpoint", reader, optimiser)
    save_checkpoint(tmp_path / "copy", reader, optimiser, again)

    assert again == replace(place, best=-1.0)
    one, two = (
        (tmp_path / name / "optimiser.safetensors").read_bytes() for name in ("checkpoint", "copy")
    )
    assert one == two
    assert float(next(iter(optimiser.state.values()))["step"]) == 3


def test_a_save_that_was_cut_off_leaves_the_checkpoint_before(base, tmp_path):
    reader = fresh_reader(base)
    folder = tmp_path / "checkpoint"
    optimiser = make_optimiser(reader, plan(1))
    place = saved_place(reader, optimiser, folder)
    folder.rename(tmp_path / "checkpoint.old")  # where a crash between two renames leaves it

    found = newest_checkpoint(folder)

    assert found == tmp_path / "checkpoint.old"
    assert load_place(found, load_reader(found), optimiser) == place


def saved_place(reader, optimiser, folder):
    place = Place(step=7, started=1.0, items=70, best=0.5)
    save_checkpoint(folder, reader, optimiser, place)
    return place


def test_a_damaged_checkpoint_is_an_error(base, encoded, tmp_path):
    fit(base, encoded, tmp_path, plan(1), silent)
    (tmp_path / "checkpoint" / "optimiser.safetensors").write_bytes(b"no")

    with pytest.raises(LoadError, match="no checkpoint to go on from"):
        fit(base, encoded, tmp_path, plan(2), silent)


def test_the_best_weights_are_kept_not_the_last(base, encoded, tmp_path):
    scores = iter([0.9, 0.1])
    seen = []

    def probe(reader):
        seen.append(reader.span.weight.detach().clone())
        return next(scores), {"f1": 0.5}

    fit(base, encoded, tmp_path, replace(plan(2), probe_every_s=0.0, most_steps=1), probe)

    best = load_reader(tmp_path / "best")
    assert torch.equal(best.span.weight, seen[0])
    assert len((tmp_path / "curve.jsonl").read_text().splitlines()) == len(seen) == 2


def test_word_vectors_stay_as_they_are(base, encoded, tmp_path):
    before = fresh_reader(base)
    fit(base, encoded, tmp_path, plan(5), silent)
    after = load_reader(tmp_path / "last")

    name = "encoder.embeddings.word_embeddings.weight"
    assert torch.equal(before.state_dict()[name], after.state_dict()[name])
    name = "encoder.encoder.layer.0.attention.self.query.weight"
    assert not torch.equal(before.state_dict()[name], after.state_dict()[name])


def test_a_passage_longer_than_a_window_is_read_to_its_end(base):
    reader = fresh_reader(base)
    passage = "the cat sat in paris " * 30
    pairs = [("where is the cat?", passage), ("where is the cat?", "paris"), ("where?", "")]

    reads = read_passages(reader, tiny_tokenizer(), pairs, window=20)

    assert all(0 <= read.start <= read.end <= len(pairs[row][1]) for row, read in enumerate(reads))
    assert passage[reads[0].start : reads[0].end].strip()
    assert reads[2].margin == -np.inf
