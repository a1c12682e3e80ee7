from dataclasses import replace

from rag.terminal import answer_lines
from rag.testing import pipeline_of

TEXTS = {
    "new.md": "A ticket for the mill costs 12 euros.",
    "old.md": "A ticket for the mill costs 10 euros.",
}


def test_each_side_of_a_disagreement_is_quoted_with_its_date_and_how_many_say_it():
    answer = pipeline_of(TEXTS).ask("What does a ticket for the mill cost?")
    (conflict,) = answer.conflicts
    dated = replace(conflict, first_date="2024-02-01", first_count=3)

    lines = list(answer_lines(replace(answer, conflicts=(dated,))))

    start = lines.index("Documents disagree:")
    first, _, second, quote = lines[start + 1 : start + 5]
    assert first.endswith(f"{dated.first.source} (2024-02-01, said by 3 documents)")
    assert second.endswith(dated.second.source)
    assert dated.second.quote in quote


def test_a_superseded_version_is_not_called_a_disagreement():
    answer = pipeline_of(TEXTS).ask("What does a ticket for the mill cost?")
    (conflict,) = answer.conflicts

    lines = list(answer_lines(replace(answer, conflicts=(replace(conflict, superseded=True),))))

    assert "An older version, now superseded, said something else:" in lines
    assert "Documents disagree:" not in lines
