"""For the tests: a judge that wants the very words, and replies of every kind."""

from rag.evaluate.datasets import Question
from rag.evaluate.record import Quote, Said
from tests.compare.scoring import Reply


class Literal:
    """A judge that wants the very words."""

    name = "literal"

    def supports(self, evidence, statements):
        return [s.rstrip(".") in e for e, s in zip(evidence, statements, strict=True)]


def question(id_, *golds):
    return Question(id_, f"{id_}?", bool(golds), golds, labelled=True)


def four_replies():
    passages = (
        Quote("It has four sails. It is old.", "Mill", True),
        Quote("x", "Pier", False),
    )
    quoted = (Said("Rye bread", (Quote("Rye bread on Fridays", "Bakery", True),)),)
    return [
        Reply(
            question("a", "four"),
            "It has four sails.",
            (Said("It has four sails.", passages),),
            ms=50,
        ),
        Reply(question("b", "rye"), "I don't know.", (Said("I don't know.", passages),), ms=60),
        Reply(question("c"), "Rye bread", quoted, 1, 70),
        Reply(question("d"), error="boom", ms=9000),
    ]
