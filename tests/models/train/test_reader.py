from pathlib import Path

import numpy as np
import pytest
import torch

from rag.errors import ModelError, WeightsMissing
from rag.models.train.batches import Batch, make_batch
from rag.models.train.encode import encode
from rag.models.train.quantise import quantised, restored
from rag.models.train.reader import fresh_reader, load_reader, loss_of, save_reader
from rag.models.train.sources import UNKNOWN, read_examples
from tests.models.tiny import make_tiny_encoder, tiny_tokenizer
from tests.models.train.made import write_training_set


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return make_tiny_encoder(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    folder = write_training_set(tmp_path_factory.mktemp("data"))
    encoded = encode(read_examples(folder), tiny_tokenizer(), np.random.default_rng(0))
    return make_batch(encoded, np.arange(len(encoded)))


def read(reader, batch):
    with torch.inference_mode():
        return reader.eval()(batch.ids, batch.mask, batch.types, batch.readable)


def changed(batch, **parts):
    names = ("ids", "mask", "types", "readable", "spans", "answerable", "relevant")
    return Batch(**({name: getattr(batch, name) for name in names} | parts))


def test_an_answer_is_in_the_passage_or_nowhere(base, batch):
    said = read(fresh_reader(base), batch)

    allowed = batch.readable.clone()
    allowed[:, 0] = True
    assert bool((said.starts[~allowed] < -1000).all())
    assert bool((said.ends[allowed].abs() < 1000).all())


def test_padding_changes_nothing(base, batch):
    reader = fresh_reader(base)
    wide = changed(
        batch,
        **{
            name: torch.nn.functional.pad(getattr(batch, name), (0, 5))
            for name in ("ids", "mask", "types", "readable")
        },
    )

    one, two = read(reader, batch), read(reader, wide)

    assert torch.allclose(one.answerable, two.answerable, atol=1e-5)
    assert torch.allclose(one.starts, two.starts[:, : one.starts.shape[1]], atol=1e-5)


def test_a_span_nobody_marked_has_no_loss(base, batch):
    reader = fresh_reader(base).eval()
    row = int((batch.spans[:, 0] == UNKNOWN).nonzero()[0])
    said = read(reader, batch)
    moved = said.starts.clone()
    moved[row] += torch.randn(moved.shape[1])

    before = loss_of(said, batch)
    after = loss_of(type(said)(moved, said.ends, said.answerable, said.relevant), batch)

    assert float(before) == pytest.approx(float(after))


def test_an_unknown_relevance_has_no_loss(base, batch):
    said = read(fresh_reader(base), batch)
    known = batch.relevant != UNKNOWN
    moved = torch.where(known, said.relevant, said.relevant + 3)

    before = loss_of(said, batch)
    after = loss_of(type(said)(said.starts, said.ends, said.answerable, moved), batch)

    assert not bool(known.all())
    assert float(before) == pytest.approx(float(after))


def test_a_saved_reader_reads_the_same(base, batch, tmp_path):
    reader = fresh_reader(base)
    save_reader(reader, tmp_path)

    one, two = read(reader, batch), read(load_reader(tmp_path), batch)

    assert torch.allclose(one.starts, two.starts, atol=1e-6)
    assert torch.allclose(one.answerable, two.answerable, atol=1e-6)


def test_eight_bits_are_within_half_a_step_of_the_weights(base):
    weights = fresh_reader(base).state_dict()

    again = restored(quantised(weights))

    assert again.keys() == weights.keys()
    for name, value in weights.items():
        step = value.abs().amax(dim=-1, keepdim=True) / 127 if value.ndim == 2 else 0
        assert bool(((again[name] - value).abs() <= step / 2 + 1e-7).all()), name


def test_a_row_of_zeros_survives_eight_bits():
    zeros = {"w": torch.zeros(2, 3)}

    assert restored(quantised(zeros))["w"].tolist() == [[0, 0, 0], [0, 0, 0]]


def test_eight_bits_without_their_scale_are_refused():
    small = quantised({"w": torch.ones(2, 3)})
    del small["w.scale"]

    with pytest.raises(ModelError, match=r"w\.scale is missing"):
        restored(small)


def test_an_encoder_without_heads_is_not_a_reader(base):
    with pytest.raises(ModelError, match="another model, not a reader"):
        load_reader(base)


def test_an_empty_folder_is_not_a_reader(tmp_path: Path):
    for opened in (load_reader, fresh_reader):
        with pytest.raises(WeightsMissing, match=r"config\.json is missing"):
            opened(tmp_path)


def test_an_encoder_that_lacks_a_layer_is_an_error(tmp_path: Path):
    folder = make_tiny_encoder(tmp_path)
    config = folder / "config.json"
    config.write_text(
        config.read_text().replace('"num_hidden_layers": 2', '"num_hidden_layers": 3')
    )

    with pytest.raises(ModelError, match=r"lacks encoder\.layer\.2"):
        fresh_reader(folder)
