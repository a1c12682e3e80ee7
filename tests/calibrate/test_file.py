import json
from dataclasses import replace

import pytest

from rag.answer.evidence.confidence import OPEN, Calibration, Curve
from rag.assemble.rag import _calibrations
from rag.calibrate.file import Entry, fingerprint, fitting, read, remarks, write
from rag.errors import IndexDamaged
from rag.index.layout import IndexFolder
from rag.testing import ScriptedGenerator, pipeline_of
from rag.types import Mode, Outcome, Reason
from web import create_app
from web.words import CONFIDENCE

TEXTS = {"mill.md": "The mill opens at nine.\n\nThe bakery sells rye bread on Fridays."}
WHEN = "When does the mill open?"
SURE = Calibration({"relevance": 1.0}, Curve.ISOTONIC, (0.0, 0.1, 1.0, 0.9), 0.0, "given")


def entry_of(rag, calibration=SURE, mode=Mode.EXTRACTIVE):
    return Entry(mode, calibration, fingerprint(rag, mode), rag.snapshot.build, "2026-11-24")


def test_what_is_written_is_read_again(tmp_path):
    rag = pipeline_of(TEXTS)
    entries = {Mode.EXTRACTIVE: entry_of(rag)}

    write(tmp_path / "calibration.json", entries)

    assert read(tmp_path / "calibration.json") == entries
    assert [p.name for p in tmp_path.iterdir()] == ["calibration.json"]


def test_no_file_is_no_calibration(tmp_path):
    assert read(tmp_path / "calibration.json") == {}


@pytest.mark.parametrize(
    "change",
    [
        lambda tree: tree | {"schema": 9},
        lambda tree: {},
        lambda tree: [],
        lambda tree: tree | {"modes": {"poetic": {}}},
        lambda tree: _with(tree, numbers=[0.0, 0.9, 1.0, 0.1]),
        lambda tree: _with(tree, numbers=[0.0, 0.1, 1.0]),
        lambda tree: _with(tree, numbers=[float("nan")] * 4),
        lambda tree: _with(tree, curve="straight"),
        lambda tree: _with(tree, weights={"mood": 1.0}),
        lambda tree: _with(tree, threshold="high"),
    ],
)
def test_a_damaged_file_says_the_way_out(tmp_path, change):
    path = tmp_path / "calibration.json"
    write(path, {Mode.EXTRACTIVE: entry_of(pipeline_of(TEXTS))})
    path.write_text(json.dumps(change(json.loads(path.read_text()))))

    with pytest.raises(IndexDamaged, match=r"calibration\.json.*rag calibrate --remove"):
        read(path)


def _with(tree, **changes):
    tree["modes"]["extractive"] |= changes
    return tree


def test_a_file_cut_short_says_the_way_out(tmp_path):
    path = tmp_path / "calibration.json"
    path.write_text('{"schema": 1, "mo')

    with pytest.raises(IndexDamaged, match="rag calibrate"):
        read(path)


def test_a_calibration_holds_for_the_models_and_settings_it_was_made_with():
    rag = pipeline_of(TEXTS)
    entries = {Mode.EXTRACTIVE: entry_of(rag)}
    other = replace(rag, policy=replace(rag.policy, passages=3))

    assert fitting(entries, rag) == {Mode.EXTRACTIVE: SURE}
    assert fitting(entries, other) == {}
    assert "is in use" in remarks(entries, rag)[0]
    assert "other models or settings" in remarks(entries, other)[0]


def test_what_does_not_shape_an_answer_does_not_spoil_a_calibration():
    rag = pipeline_of(TEXTS)
    other = replace(rag, policy=replace(rag.policy, deadline_s=1.0, mode=Mode.GENERATIVE))

    assert fingerprint(rag, Mode.EXTRACTIVE) == fingerprint(other, Mode.EXTRACTIVE)


def test_the_generator_matters_where_it_writes():
    plain = pipeline_of(TEXTS)
    writes = replace(plain, generator=ScriptedGenerator("x"))

    assert fingerprint(plain, Mode.EXTRACTIVE) == fingerprint(writes, Mode.EXTRACTIVE)
    assert fingerprint(plain, Mode.GENERATIVE) != fingerprint(writes, Mode.GENERATIVE)


def test_a_newer_build_keeps_the_calibration_and_says_for_which_it_was_made():
    rag = pipeline_of(TEXTS)
    entries = {Mode.EXTRACTIVE: replace(entry_of(rag), build="an-older-one")}

    assert fitting(entries, rag)
    assert "an-older-one" in remarks(entries, rag)[0]


def test_confidence_becomes_a_chance_and_says_so():
    rag = pipeline_of(TEXTS)
    raw = rag.ask(WHEN)
    sure = replace(rag, calibrations={Mode.EXTRACTIVE: SURE}).ask(WHEN)

    assert sure.confidence == pytest.approx(0.1 + 0.8 * raw.confidence)
    assert raw.to_dict()["calibrated"] is False
    assert sure.to_dict()["calibrated"] == "given"


def test_the_gate_takes_an_answer_away_and_never_changes_it():
    rag = pipeline_of(TEXTS)
    open_ = replace(rag, calibrations={Mode.EXTRACTIVE: OPEN}).ask(WHEN)
    at = open_.confidence

    for gate in (0.0, at / 2, at):
        gated = replace(SURE, threshold=gate)
        assert replace(rag, calibrations={Mode.EXTRACTIVE: gated}).ask(WHEN).text == open_.text
    shut = replace(rag, calibrations={Mode.EXTRACTIVE: replace(SURE, threshold=at + 1e-9)})
    assert shut.ask(WHEN).outcome is Outcome.ABSTAINED
    assert shut.ask(WHEN).reason is Reason.WEAK_EVIDENCE


def test_a_calibration_of_quotes_is_not_used_for_what_a_model_writes():
    rag = pipeline_of(TEXTS, generator=ScriptedGenerator("The mill opens at nine [1]."))
    shut = replace(rag, calibrations={Mode.EXTRACTIVE: replace(SURE, threshold=1.0)})

    assert shut.ask(WHEN).outcome is Outcome.ABSTAINED
    assert shut.ask(WHEN, mode="generative").outcome is Outcome.ANSWERED
    assert shut.ask(WHEN, mode="generative").calibrated == ""


def test_a_refused_promise_leaves_the_gate_to_the_policy():
    rag = pipeline_of(TEXTS)
    told = replace(rag, calibrations={Mode.EXTRACTIVE: replace(SURE, threshold=None)})

    assert told.ask(WHEN).outcome is Outcome.ANSWERED
    assert told.ask("Who painted the ceiling of the chapel?").outcome is Outcome.ABSTAINED


def test_opening_an_index_takes_what_holds_and_warns_of_the_rest(tmp_path, caplog):
    rag, folder = pipeline_of(TEXTS), IndexFolder(tmp_path)
    writes = replace(entry_of(rag, mode=Mode.GENERATIVE), fingerprint="another")
    write(folder.calibration, {Mode.EXTRACTIVE: entry_of(rag), Mode.GENERATIVE: writes})

    found = _calibrations(folder, rag)

    assert found == {Mode.EXTRACTIVE: SURE}
    (record,) = caplog.records
    assert "generative calibration" in record.message
    assert "run `rag calibrate` again" in record.message


@pytest.mark.parametrize("source", ["", "made", "given"])
def test_the_page_says_what_a_confidence_means(source):
    rag = replace(pipeline_of(TEXTS), calibrations={Mode.EXTRACTIVE: replace(SURE, source=source)})
    page = create_app(rag).test_client().get("/", query_string={"q": WHEN}).get_data(as_text=True)

    assert CONFIDENCE[source] in page
