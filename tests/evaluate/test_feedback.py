import fcntl
import json
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from rag.errors import IndexNotFound, LoadError, QuestionError, SettingsError
from rag.evaluate.feedback import Cited, Feedback, Judgement, add, read, remove
from rag.evaluate.plan import Plan
from rag.evaluate.replay import amiss, failing_lines
from rag.evaluate.report.content import content_of
from rag.evaluate.run import evaluate
from rag.index.layout import IndexFolder
from rag.measure.evaluate import asked_of, refuse_beside_feedback
from rag.measure.feedback import VERDICTS, group
from rag.settings import Settings
from rag.testing import ScriptedGenerator, pipeline_of
from rag.types import Filter, Mode
from tests.evaluate.runs import run_of

ROOT = Path(__file__).parents[2]
OPEN = "When does the mill open?"
MOON = "Who walked upon Jupiter?"
RAG = pipeline_of({"hours.md": "The mill opens at nine.", "bread.md": "The bakery sells rye."})
LATER = pipeline_of({"hours.md": "From May on the mill opens at ten.", "bread.md": "Rye."})
MOVED = pipeline_of({"hours.md": "# News\n\nWe moved.\n\nThe mill opens at nine."})

BOTH = pipeline_of({"a.md": "The mill opens at nine.", "b.md": "When does the mill open? At ten."})


def quiet(stage, done, total, note):
    """Hear nothing."""


@pytest.fixture
def folder(tmp_path, lab):
    """An index of two files, built by the real ingester."""
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "hours.md").write_text("The mill opens at nine.")
    index = IndexFolder.named(tmp_path / "indexes", "village")
    with lab.ingester() as ingester:
        replace(ingester, folder=index).ingest([tmp_path / "papers"], quiet)
    return index


def test_feedback_keeps_the_judgement_and_what_was_answered(folder):
    answer = RAG.ask(OPEN)
    scope = Filter(sources=("hours.*",), metadata={"a": "b"}, since="2020")

    kept = add(folder, answer, "wrong", reason=" too early ", expected="ten", filter_=scope)

    (found,) = read(folder)
    assert found == kept
    assert (found.verdict, found.reason, found.expected) == (Judgement.WRONG, "too early", "ten")
    assert (found.question, found.outcome, found.mode) == (OPEN, "answered", "extractive")
    assert found.text == "The mill opens at nine."
    assert [c.quote for c in found.cited] == ["The mill opens at nine."]
    assert found.cited[0].document_id == answer.citations[0].document_id
    assert found.build == answer.build
    assert found.time.endswith("+00:00")
    assert found.filter == scope


def test_feedback_survives_a_new_build(folder, tmp_path, lab):
    kept = add(folder, RAG.ask(OPEN), "right")
    before = folder.live.read_text()

    (tmp_path / "papers" / "more.md").write_text("The bakery sells rye bread.")
    with lab.ingester() as ingester:
        replace(ingester, folder=folder).ingest([tmp_path / "papers"], quiet)

    assert folder.live.read_text() != before
    assert read(folder) == [kept]


def test_one_judgement_is_removed_and_the_others_stay(folder):
    first, second, third = (add(folder, RAG.ask(OPEN), "right") for _ in range(3))

    assert remove(folder, second.id) == second
    assert read(folder) == [first, third]
    with pytest.raises(QuestionError, match=r"no feedback .* rag feedback list"):
        remove(folder, second.id)


WRITER = """
import sys
import time
from pathlib import Path
from rag.evaluate.feedback import add, remove
from rag.index.layout import IndexFolder
from rag.testing import pipeline_of
rag = pipeline_of({"hours.md": "The mill opens at nine."})
folder = IndexFolder(Path(sys.argv[1]))
answer = rag.ask("When does the mill open?")
(folder.root / sys.argv[2]).touch()
while not all((folder.root / name).exists() for name in "ab"):  # start together
    time.sleep(0.001)
for number in range(30):
    gone = add(folder, answer, "right", reason="gone")
    add(folder, answer, "right", reason=f"{sys.argv[2]}-{number}" + "x" * 3000)
    remove(folder, gone.id)
"""


def test_two_processes_that_write_at_once_lose_nothing(folder):
    commands = [[sys.executable, "-c", WRITER, str(folder.root), name] for name in ("a", "b")]

    writers = [subprocess.Popen(command, cwd=ROOT) for command in commands]
    codes = [writer.wait(60) for writer in writers]

    assert codes == [0, 0]
    assert sorted(one.reason.rstrip("x") for one in read(folder)) == sorted(
        f"{name}-{number}" for name in "ab" for number in range(30)
    )


def test_whoever_adds_waits_for_whoever_changes(folder):
    answer = RAG.ask(OPEN)
    writer = threading.Thread(target=add, args=(folder, answer, "right"))
    with folder.feedback_lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        writer.start()
        writer.join(0.2)

        waited = writer.is_alive() and read(folder) == []

    writer.join(10)
    assert waited
    assert len(read(folder)) == 1


def test_a_line_cut_off_by_a_crash_does_not_spoil_the_next(folder):
    first = add(folder, RAG.ask(OPEN), "right")
    with folder.feedback.open("a") as out:
        out.write('{"_id": "half')

    assert read(folder) == [first]
    second = add(folder, RAG.ask(MOON), "right")

    assert read(folder) == [first, second]


def test_a_last_line_that_merely_lacks_its_newline_is_kept(folder):
    first = add(folder, RAG.ask(OPEN), "right")
    folder.feedback.write_text(folder.feedback.read_text().rstrip("\n"))

    assert read(folder) == [first]
    second = add(folder, RAG.ask(MOON), "right")

    assert read(folder) == [first, second]


def test_a_wrong_sentence_without_its_neighbour_is_still_the_same(folder):
    wrong = add(folder, RAG.ask(OPEN), "wrong")
    longer = replace(wrong, text=f"{wrong.text} It closes at five.")

    assert amiss(longer, RAG.ask(OPEN)) == "it still says the same"
    assert amiss(longer, LATER.ask(OPEN)) is None


@pytest.mark.parametrize(
    ("verdict", "more", "words"),
    [
        ("good", {}, ["'good'", "right, wrong"]),
        ("right", {"reason": "x" * 4001}, ["4,001", "4,000", "shorten"]),
        ("should_abstain", {"expected": "nine"}, ["cannot be expected"]),
    ],
)
def test_feedback_that_makes_no_sense_is_refused_and_nothing_kept(folder, verdict, more, words):
    with pytest.raises(QuestionError) as caught:
        add(folder, RAG.ask(OPEN), verdict, **more)

    assert all(word in str(caught.value) for word in words)
    assert read(folder) == []


def test_feedback_needs_an_index(tmp_path):
    with pytest.raises(IndexNotFound, match="rag ingest"):
        add(IndexFolder(tmp_path / "none"), RAG.ask(OPEN), "right")

    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"verdict": "fine"}, ["line 2", "'verdict'", "'fine'"]),
        ({"mode": "loud"}, ["line 2", "'mode'", "'loud'"]),
        ({"question": ""}, ["line 2", "'question'"]),
        ({"cited": [{"page": 3}]}, ["line 2", "is no feedback", "delete the line"]),
        ({"filter": {"colour": "red"}}, ["line 2", "is no feedback"]),
        ({"filter": None}, ["line 2", "is no feedback"]),
    ],
)
def test_a_bad_line_of_feedback_is_named_by_file_and_number(folder, change, words):
    row = add(folder, RAG.ask(OPEN), "right").to_dict()
    with folder.feedback.open("a") as out:
        out.write(json.dumps({**row, "_id": "other", **change}) + "\n")

    with pytest.raises(LoadError) as caught:
        read(folder)

    assert all(word in str(caught.value) for word in ["feedback.jsonl", *words]), caught.value


def test_an_id_that_comes_twice_in_feedback_is_named(folder):
    row = add(folder, RAG.ask(OPEN), "right").to_dict()
    with folder.feedback.open("a") as out:
        out.write(json.dumps(row) + "\nnonsense\n")

    with pytest.raises(LoadError, match=r"line 2: the id .* was used before"):
        read(folder)


def judged(pipeline, question, verdict, expected=""):
    answer = pipeline.ask(question)
    cited = tuple(
        {"document_id": c.document_id, "source": c.source, "start": c.span.start,
         "end": c.span.end, "quote": c.quote}
        for c in answer.citations
    )  # fmt: skip
    text = " ".join(v.claim.text for v in answer.verdicts)
    return Feedback(
        "1", question, Judgement(verdict), "", expected, "extractive", answer.outcome.value, text,
        tuple(Cited(**one) for one in cited), "b", "2026-01-01T00:00:00+00:00",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("then", "question", "verdict", "expected", "now", "why"),
    [
        (RAG, OPEN, "right", "", RAG, None),
        (RAG, OPEN, "right", "", MOVED, None),  # the same words at another place
        (RAG, OPEN, "right", "nine", MOVED, None),
        (RAG, MOON, "right", "", RAG, None),  # it was right not to answer
        (RAG, OPEN, "right", "", pipeline_of({"x.md": "Rye."}), "now there is no answer"),
        (pipeline_of({"x.md": "Rye."}), OPEN, "right", "", RAG, "now there is an answer"),
        (
            RAG,
            OPEN,
            "right",
            "",
            pipeline_of({"other.md": "The mill opens at nine."}),
            "no longer cites",
        ),
        (RAG, OPEN, "wrong", "", RAG, "still says the same"),
        (BOTH, OPEN, "wrong", "", RAG, "still says the same"),
        (RAG, OPEN, "wrong", "", BOTH, "still says the same"),
        (RAG, OPEN, "wrong", "", LATER, None),
        (RAG, OPEN, "wrong", "at ten", LATER, None),
        (RAG, OPEN, "wrong", "eleven", LATER, "does not say 'eleven'"),
        (RAG, OPEN, "wrong", "", pipeline_of({"x.md": "Rye."}), None),
        (RAG, OPEN, "should_abstain", "", RAG, "still answers"),
        (RAG, OPEN, "should_abstain", "", pipeline_of({"x.md": "Rye."}), None),
        (RAG, MOON, "should_answer", "", RAG, "still does not answer"),
        (pipeline_of({"x.md": "Rye."}), OPEN, "should_answer", "nine", RAG, None),
        (pipeline_of({"x.md": "Rye."}), OPEN, "should_answer", "ten", RAG, "does not say 'ten'"),
    ],
)
def test_each_verdict_is_met_or_not_by_its_own_rule(then, question, verdict, expected, now, why):
    found = amiss(judged(then, question, verdict, expected), now.ask(question))

    assert found is None if why is None else why in found


def test_a_replay_names_every_question_that_fails(home, lab):
    built = evaluate(Plan(home / "village", ("retrieval",)), lab, quiet)
    folder = IndexFolder.named(home / "indexes", built.index)
    pipeline = lab.open(built.index)
    add(folder, pipeline.ask(OPEN), "right")
    add(folder, pipeline.ask(OPEN), "should_abstain", reason="secret")
    gone = Filter(sources=("gone/*",))
    add(folder, pipeline.ask(MOON), "right", filter_=gone)
    pipeline.snapshot.close()

    result = evaluate(Plan(folder.root, index=folder.name, feedback=True), lab, quiet)

    folder.feedback.unlink()
    rows = result.items["feedback"]
    assert result.figures["feedback.passed"].value == pytest.approx(1 / 3)
    assert result.figures["feedback.passed"].n == result.questions == 3
    assert [row["passed"] for row in rows] == [False, False, True]
    assert sorted(row["failure"] or "" for row in result.rows) == [
        "",
        "feedback_right",
        "feedback_should_abstain",
    ]
    run = run_of(json.loads(json.dumps(result.rows)), tasks=["feedback"], items=3)
    content = content_of(run)
    assert content.lede[0].startswith("3 judgements")
    assert "secret" in "".join(s.gold for kind in content.kinds for s in kind.stories)
    lines = list(failing_lines(rows))
    assert len(lines) == 2
    assert OPEN in lines[0]
    assert "still answers" in lines[0]
    assert "gone/*" in lines[1]


@pytest.mark.parametrize(
    "options", [{"tasks": "speed"}, {"split": "report"}, {"limit": 1}, {"into": ROOT}]
)
def test_options_that_a_replay_would_ignore_are_refused_by_name(options):
    (name,) = options

    with pytest.raises(SettingsError, match=f"--{name} does not go with --feedback"):
        refuse_beside_feedback(**{"tasks": "", "split": None, "limit": None, **options})

    refuse_beside_feedback(tasks="", split=None, limit=None, into=None)


def test_a_judgement_is_replayed_in_its_own_mode_unless_another_is_named(home, lab):
    built = evaluate(Plan(home / "village", ("retrieval",)), lab, quiet)
    folder = IndexFolder.named(home / "indexes", built.index)
    pipeline = lab.open(built.index)
    add(folder, replace(pipeline.ask(OPEN), mode=Mode.GENERATIVE), "right")
    pipeline.snapshot.close()
    plan = Plan(folder.root, index=folder.name, feedback=True)

    asked = []

    class Heard(ScriptedGenerator):
        def stream(self, messages, **limits):
            asked.append(messages)
            return super().stream(messages, **limits)

    heard = replace(
        lab, open=lambda name: replace(lab.open(name), generator=Heard("The mill opens at nine."))
    )
    evaluate(replace(plan, as_judged=False), heard, quiet)
    in_another = len(asked)
    evaluate(plan, heard, quiet)

    folder.feedback.unlink()
    assert (in_another, len(asked)) == (0, 1)


def test_a_replay_without_feedback_says_how_to_add_some(folder, lab, tmp_path):
    with pytest.raises(LoadError, match="rag feedback add -i village"):
        evaluate(Plan(folder.root, index="village", feedback=True), lab, quiet)
    with pytest.raises(IndexNotFound):
        evaluate(Plan(tmp_path / "none", index="none", feedback=True), lab, quiet)


def test_eval_takes_a_set_or_feedback_and_not_both(tmp_path):
    settings = Settings(home=tmp_path)

    assert asked_of(None, "a", settings, feedback=True) == (tmp_path / "indexes" / "a", "a")
    assert asked_of(tmp_path, None, settings, feedback=False) == (tmp_path, None)
    with pytest.raises(SettingsError, match="takes no SET"):
        asked_of(tmp_path, None, settings, feedback=True)
    with pytest.raises(SettingsError, match="name a SET"):
        asked_of(None, None, settings, feedback=False)


def test_the_commands_list_and_remove_what_was_kept(folder, monkeypatch, capsys):
    monkeypatch.setenv("RAG_HOME", str(folder.root.parent.parent))
    first = add(folder, RAG.ask(OPEN), "wrong", reason="too \x1b[31mearly")

    group.main(["list", "-i", "village"], standalone_mode=False)
    listed = capsys.readouterr().out
    group.main(["list", "-i", "village", "--json"], standalone_mode=False)
    rows = json.loads(capsys.readouterr().out)
    group.main(["remove", first.id, "-i", "village"], standalone_mode=False)
    removed = capsys.readouterr().out
    group.main(["list", "-i", "village"], standalone_mode=False)

    assert first.id in listed
    assert OPEN in listed
    assert "\x1b" not in listed
    assert rows == [json.loads(json.dumps(first.to_dict()))]
    assert first.id in removed
    assert "nothing is kept" in capsys.readouterr().out
    assert tuple(Judgement) == VERDICTS
