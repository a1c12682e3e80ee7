"""Judges that are asked over a wire, verdicts that are kept, and what is known of our own."""

import json
from dataclasses import replace

import pytest

from rag.errors import GeneratorFailed, SettingsError
from rag.evaluate.judge import (
    MEASURED_BY,
    MEASURED_CLAIMS,
    MEASURED_KAPPA,
    MEASURED_WITH,
    StrictJudge,
    agreement,
)
from rag.evaluate.kept import Kept
from rag.evaluate.slow_judges import AskingJudge, RememberingJudge
from rag.measure.parts import make_judge
from rag.settings import GeneratorSettings, Settings
from rag.testing import HashingEmbedder, ScriptedGenerator
from tests.models.playback import serving, status, whole


class Counting:
    """Supports what the evidence holds, counts what it is asked, and may stop."""

    name = "counting"

    def __init__(self, stop_after=1000):
        self.asked = []
        self.stop_after = stop_after

    def supports(self, evidence, statements):
        if len(self.asked) >= self.stop_after:
            raise KeyboardInterrupt
        self.asked += statements
        return [s in e for e, s in zip(evidence, statements, strict=True)]


def test_a_model_behind_an_address_judges_with_yes_and_no(tmp_path):
    settings = Settings(home=tmp_path)
    with serving(
        whole("Yes."), whole("**no**, a part"), whole("<think>yes?</think>\nNo")
    ) as server:
        judge = make_judge(settings, f"owner/tiny@{server.url}", HashingEmbedder())

        verdicts = judge.supports(["The mill opens at nine."] * 3, ["s1", "s2", "s3"])

    assert verdicts == [True, False, False]
    assert judge.name == f"owner/tiny at {server.url.split('/')[2]}"
    asked = server.asked[0]
    assert asked["model"] == "owner/tiny"
    assert "The mill opens at nine." in asked["messages"][1]["content"]
    assert "s1" in asked["messages"][1]["content"]
    assert all("Authorization" not in headers for headers in server.headers)


def test_the_generators_key_goes_to_its_own_server_and_no_other(tmp_path, monkeypatch):
    monkeypatch.setenv("TEST_KEY", "sk-secret")
    with serving(whole("yes")) as own, serving(whole("yes")) as other:
        generator = GeneratorSettings(url=own.url, model="m", api_key_env="TEST_KEY")
        settings = replace(Settings(home=tmp_path), generator=generator)
        for server in (own, other):
            make_judge(settings, f"tiny@{server.url}", HashingEmbedder()).supports(["e"], ["s"])

        assert own.headers[0]["Authorization"] == "Bearer sk-secret"
        assert "Authorization" not in other.headers[0]


def test_a_judge_that_says_neither_is_asked_again_and_then_given_up(tmp_path):
    twice = AskingJudge(ScriptedGenerator("Perhaps it is."), "here")
    with serving(whole("Well"), whole("yes")) as server:
        settings = Settings(home=tmp_path)
        judge = make_judge(settings, f"tiny@{server.url}", HashingEmbedder()).judge

        assert judge.supports(["e"], ["s"]) == [True]
        assert [m["role"] for m in server.asked[1]["messages"]][2:] == ["assistant", "user"]
    with pytest.raises(GeneratorFailed, match=r"yes or no and said 'Perhaps it is\."):
        twice.supports(["e"], ["s"])


@pytest.mark.parametrize("name", ["http://localhost:1/v1", "@http://localhost:1/v1", "x@ftp://a"])
def test_an_address_without_a_model_says_how_to_write_it(tmp_path, name):
    with pytest.raises(SettingsError, match="MODEL@URL"):
        make_judge(Settings(home=tmp_path), name, HashingEmbedder())


def test_a_server_that_fails_is_named(tmp_path):
    settings = replace(Settings(home=tmp_path), generator=GeneratorSettings(retries=0))
    with serving(status(401)) as server:
        judge = make_judge(settings, f"tiny@{server.url}", HashingEmbedder())

        with pytest.raises(GeneratorFailed, match="refused the key"):
            judge.supports(["e"], ["s"])


def test_verdicts_are_kept_and_an_interrupted_judge_goes_on(tmp_path):
    pairs = [(f"text {n}", f"text {n % 3}") for n in range(20)]
    evidence, statements = (list(part) for part in zip(*pairs, strict=True))
    whole_run = Counting().supports(evidence, statements)
    first, second, third = Counting(stop_after=8), Counting(), Counting()

    with pytest.raises(KeyboardInterrupt):
        RememberingJudge(first, Kept(tmp_path / "v")).supports(evidence, statements)
    resumed = RememberingJudge(second, Kept(tmp_path / "v")).supports(evidence, statements)
    again = RememberingJudge(third, Kept(tmp_path / "v")).supports(evidence, statements)

    assert resumed == again == whole_run
    assert len(first.asked) == 8
    assert len(second.asked) == 12
    assert third.asked == []


def test_verdicts_of_another_judge_are_its_own(tmp_path):
    kept = Kept(tmp_path / "v")
    other = Counting()
    other.name = "other"

    RememberingJudge(Counting(), kept).supports(["e"], ["e"])
    RememberingJudge(other, kept).supports(["e", "e"], ["e", "e"])

    assert other.asked == ["e"]  # once, though asked twice, and not the other's verdict


def test_half_a_line_of_a_killed_run_is_passed_over(tmp_path):
    path = tmp_path / "v"
    path.write_text(json.dumps(["a", 1]) + "\n" + json.dumps(["a", 2]) + '\n["b", tr')

    resumed = Kept(path)
    found = dict(resumed.known)
    resumed.add("c", 3)

    assert found == {"a": 2}
    assert dict(Kept(path).known) == {"a": 2, "c": 3}  # and not glued to the half line
    assert dict(Kept(path, fresh=True).known) == {}


def test_our_own_judge_brings_what_was_measured_of_it():
    embedder = HashingEmbedder()
    embedder.name = MEASURED_WITH

    notes = agreement(StrictJudge(embedder), []).to_dict()
    unknown = agreement(StrictJudge(HashingEmbedder()), []).to_dict()

    assert (notes["judged_claims"], notes["kappa"]) == (MEASURED_CLAIMS, MEASURED_KAPPA)
    assert notes["measured_by"] == MEASURED_BY
    assert unknown["kappa"] is None
    assert unknown["unreliable"] is True
