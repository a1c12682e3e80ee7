import json
from dataclasses import replace

import pytest

from rag.calibrate.outcomes import Asked, answers_of, ask_all, judged
from rag.calibrate.questions.compose import compose
from rag.calibrate.questions.corpus import Corpus
from rag.calibrate.questions.given import given
from rag.calibrate.questions.make import make
from rag.calibrate.questions.spans import recovers, shared_run
from rag.calibrate.questions.swap import Made, near_misses
from rag.errors import GeneratorFailed, LoadError
from rag.evaluate.datasets import Question
from rag.testing import ScriptedGenerator, document_of, pipeline_of
from rag.types import Mode

VERBS = {"keep", "carry", "close", "open", "launch"}
THINGS = ("ferry", "barge", "tug", "yacht", "crane", "dredger", "trawler", "schooner")
PORTS = ("Merrin", "Hestray", "Ulsay", "Corrow", "Skelwick", "Brannoch", "Hallin", "Edda")


def shipyard():
    """Documents of plain sentences, each about another thing."""
    texts = {}  # each lacks one sort of fact, or no near miss would be possible
    for n, (thing, port) in enumerate(zip(THINGS, PORTS, strict=True)):
        facts = [
            f"The {thing} was launched on {n + 2} March {1990 + n}.",
            f"The {thing} can carry {20 + 3 * n} passengers.",
            f"The {thing} is moored at Port {port}.",
            f"The {thing} was repaired in {2001 + n}.",
            f"The {thing} logbook must be kept for {n + 3} years.",
        ]
        texts[f"{thing}.md"] = " ".join(facts[: n % 5] + facts[n % 5 + 1 :])
    return texts


def questions(sentence):
    return {p.text: p.target for p in compose(sentence, VERBS, {"Ulva"})}


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        ("The mill was built in 1850.", "When was the mill built?", "1850"),
        ("The lease runs until 3 May 2027.", None, None),
        ("The ferry can carry at least 12 cars.", "How many cars can the ferry carry?", "12 cars"),
        ("The lift carries 160 kg.", "How many kg does the lift carry?", "160 kg"),
        (
            "The book must be kept for five years.",
            "For how many years must the book be kept?",
            "five years",
        ),
        ("Food is landed at Port Merrin.", "Where is food landed?", "Port Merrin"),
        ("The Ulva was launched by the owner.", "By whom was the Ulva launched?", "the owner"),
        ("A slice is a kind of memory area.", "What is a slice?", "a kind of memory area"),
        ("Carers may sound the horn at noon.", "Who may sound the horn at noon?", "Carers"),
    ],
)  # fmt: skip
def test_a_plain_sentence_becomes_a_plain_question(sentence, question, answer):
    found = questions(sentence)

    assert found.get(question) == answer


@pytest.mark.parametrize(
    "sentence",
    [
        "Because clear needs to truncate the text, it opens in 1850.",
        "It was built in 1850.",
        "We keep the book for five years.",
        "The following example keeps the book for five years.",
        "Recursive types can pose an issue because we keep them.",
        "Another downside is that we keep the logic.",
        "The C part opens which application it likes.",
        "Different covers share the same behaviour.",
    ],
)
def test_what_leans_on_its_surroundings_is_left_alone(sentence):
    assert questions(sentence) == {}


def test_a_date_is_recovered_only_if_it_is_the_only_one_open():
    ask = "When was the mill built?"

    assert recovers("The mill was built in 1850.", ask, "1850")
    assert not recovers("The mill was built in 1850 and burnt in 1901.", ask, "1850")
    assert recovers("In 1901 the mill was sold.", "When was the mill sold?", "1901")


def test_a_number_is_recovered_by_its_unit():
    ask = "How many cars can the ferry carry?"

    assert recovers("The ferry can carry 12 cars and 80 bikes.", ask, "12 cars")
    assert not recovers("The ferry can carry 12 cars, or 10 cars in winter.", ask, "12 cars")


def test_a_question_that_holds_its_answer_is_not_recovered():
    assert not recovers("Fog stops the ferry.", "What fog stops the ferry?", "Fog")


def test_a_copy_is_measured_in_words_in_a_row():
    assert shared_run("Who may sound the horn?", "Children may sound the horn.") == 4
    assert shared_run("no", "yes") == 0


def test_made_questions_are_of_both_kinds_and_the_same_for_a_seed():
    rag = pipeline_of(shipyard())
    ids = [d.id for d in rag.snapshot.documents]

    made, again = make(rag, ids, count=40, seed=3), make(rag, ids, count=40, seed=3)
    other = make(rag, ids, count=40, seed=4)

    answerable = [row for row in made.rows if row.answer]
    assert len(answerable) == 20
    assert {row.kind for row in answerable} >= {"date", "number", "place"}
    assert {row.kind.split(":")[0] for row in made.rows if not row.answer} == {
        "near miss",
        "held-out document",
    }
    assert made == again
    assert made != other


def test_the_answer_stands_in_the_sentence_and_not_in_the_question():
    rag = pipeline_of(shipyard())
    ids = [d.id for d in rag.snapshot.documents]

    for row in make(rag, ids, count=40).rows:
        if row.answer is not None:
            assert row.answer in row.sentence
            assert row.answer.casefold() not in row.text.casefold()


def test_a_question_two_documents_answer_differently_is_not_made():
    texts = shipyard() | {"old.md": "The barge was launched on 9 July 1970."}
    rag = pipeline_of(texts)

    made = make(rag, [d.id for d in rag.snapshot.documents], count=60)

    assert "When was the barge launched?" not in {row.text for row in made.rows}


def test_a_near_miss_that_the_documents_answer_after_all_is_not_made():
    one = document_of("a.md", "The ferry was launched in 1990.")
    two = document_of("b.md", "The barge was sunk in 1995. The barge was launched earlier.")
    corpus = Corpus.of([one, two])
    made = [
        Made(next(compose(corpus.sentences[row].bare, VERBS)), corpus.sentences[row])
        for row in (0, 1)
    ]

    assert "When was the barge launched?" not in dict(near_misses(made[0], made, corpus)).values()
    far = Corpus.of([one, document_of("b.md", "The barge was sunk in 1995.")])
    kinds = dict(near_misses(made[0], made, far))
    assert kinds["near miss: other entity"] == "When was the barge launched?"


def test_a_subject_goes_only_where_one_of_its_kind_stood():
    lines = {
        "a.md": "The ferry was launched in 1990.",
        "b.md": "The barge can carry 20 cars.",
        "c.md": "Ulva was launched in 1992.",
    }
    corpus = Corpus.of([document_of(name, text) for name, text in lines.items()])
    made = [
        Made(next(iter(compose(one.bare, VERBS | {"carry"}, {"Ulva"}))), one)
        for one in corpus.sentences
    ]

    kinds = dict(near_misses(made[0], made, corpus))

    # another sort of question, and a name for a thing: neither fits
    assert "near miss: other entity" not in kinds


def test_only_whole_sentences_of_running_text_are_asked_about():
    document = document_of("a.md", "# The ferry was launched in 1990.\n\nThe tug sank in 1991")

    assert [one.plain for one in Corpus.of([document]).sentences] == [False, False]


def test_a_persons_own_question_is_not_right_by_place(tmp_path):
    path = tmp_path / "q.jsonl"
    gold = {"answers": ["1990"], "gold_sentences": ["The ferry was launched in 1990."]}
    rows = [
        {"_id": "1", "text": "When?", "metadata": gold},
        {"_id": "2", "text": "When?", "metadata": {**gold, "source": "a.md"}},
        {"_id": "3", "text": "When?", "metadata": {"answers": ["1990"], "source": "a.md"}},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    asked, _ = given(path, [])

    assert [one.by_place for one in asked] == [False, True, False]


def test_held_out_questions_are_asked_without_their_documents():
    rag = pipeline_of(shipyard())
    ids = [d.id for d in rag.snapshot.documents]
    held = [row for row in make(rag, ids, count=40).rows if row.kind == "held-out document"]

    assert held
    assert all(row.answer is None and row.without for row in held)


def test_made_questions_can_be_passed_back(tmp_path):
    rag = pipeline_of(shipyard())
    ids = [d.id for d in rag.snapshot.documents]
    made = make(rag, ids, count=40)

    asked, sha256 = made.write(tmp_path / "q.jsonl", ids)

    assert given(tmp_path / "q.jsonl", ids) == (asked, sha256)
    assert [one.question.text for one in asked] == [row.text for row in made.rows]
    (out,) = {one.within.documents for one in asked if one.kind == "held-out document"}
    assert 0 < len(out) < len(ids)


def test_too_few_sentences_say_what_to_do():
    rag = pipeline_of({"a.md": "The ferry was launched in 1990."})

    with pytest.raises(LoadError, match="--questions"):
        make(rag, [d.id for d in rag.snapshot.documents], count=40)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (None, "cannot read"),
        ([{"_id": "1", "text": "When?"}], "what the answer is"),
        ([{"_id": "1", "metadata": {"answers": ["x"]}}], "'text'"),
    ],
)
def test_bad_question_files_say_what_is_wrong(tmp_path, lines, words):
    path = tmp_path / "q.jsonl"
    if lines is not None:
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    with pytest.raises(LoadError, match=words):
        given(path, [])


def test_quoting_the_source_sentence_is_right_for_a_made_question_only():
    rag = pipeline_of({"a.md": "The ferry was launched in 1990."})
    question = Question(
        "1", "When was the ferry launched?", answers=("nineteen-ninety",),
        gold_sentences=("The ferry was launched in 1990.",), labelled=True,
    )  # fmt: skip
    answer = rag.ask(question.text)

    assert not judged(Asked(question, "date", by_place=True), answer).wrong
    assert judged(Asked(question, "date"), answer).wrong
    never = replace(question, answerable=False)
    assert judged(Asked(never, "near miss", by_place=True), answer).wrong


def test_with_the_gate_open_even_a_weak_answer_is_scored():
    rag = pipeline_of({"a.md": "The ferry was launched in 1990."})
    weak = Asked(Question("1", "Who painted the ferry?", answerable=False), "near miss")

    (outcome,) = ask_all(rag, [weak], Mode.EXTRACTIVE, lambda *_: None)

    assert outcome.answered
    assert outcome.wrong
    assert answers_of([outcome]).at(outcome.score) == (1, 1)


def test_quotes_in_place_of_a_failed_generator_calibrate_nothing():
    rag = pipeline_of(
        {"mill.md": "The mill opens at nine."}, generator=ScriptedGenerator("", fails=True)
    )
    asked = [Asked(Question("1", "When does the mill open?", answers=("nine",)), "answerable")]

    with pytest.raises(GeneratorFailed, match="calibrate something else"):
        ask_all(rag, asked, Mode.GENERATIVE, lambda *_: None)
