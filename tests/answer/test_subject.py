from rag.answer.disagreement.subject import same_subject

NAMES = "Oslo, Bergen, Lund and Kiel"
MORE = "Rome, Milan, Turin, Genoa, Pisa, Siena, Lucca, Parma, Bari, Como, Nice and Lyon"


def test_passages_that_share_half_of_the_names_of_the_poorer_one_are_of_one_thing(passage):
    poorer = passage(f"The ferry calls at {NAMES}.")
    richer = passage(f"The ferry calls at Oslo, Lund, {MORE}.")

    assert same_subject("When does it sail?", poorer, richer, "")
    assert same_subject("When does it sail?", richer, poorer, "")


def test_passages_that_share_no_names_are_of_two_things(passage):
    one, other = passage(f"The ferry calls at {NAMES}."), passage(f"The ferry calls at {MORE}.")

    assert not same_subject("When does it sail?", one, other, "")


def test_a_passage_with_few_names_says_too_little_to_be_of_another_thing(passage):
    one, other = passage("It calls at Oslo."), passage(f"The ferry calls at {MORE}.")

    assert same_subject("When does it sail?", one, other, "")
