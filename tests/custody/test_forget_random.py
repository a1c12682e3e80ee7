"""Whatever is added, changed and forgotten, nothing of it is left and nothing else is lost."""

import random
from dataclasses import dataclass

import pytest

from rag.custody.byte_search import Search
from rag.custody.forget import forget
from rag.evaluate.feedback import add
from rag.index.reading import open_reader
from tests.custody.material import (
    index_of,
    left_of,
    opened,
    prose,
    rows_of,
)


@pytest.mark.parametrize("seed", range(4))
def test_random_forgets_leave_nothing(folder, home, seed):
    after = _random_forget(folder, home, seed)

    assert after.searched.clean, after.searched
    assert after.gone.clean, after.gone
    assert after.kept
    assert after.changed == after.lost == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 200))
def test_100_of_100_random_forgets_leave_nothing(folder, home, seed):
    after = _random_forget(folder, home, seed)

    assert after.searched.clean, after.searched
    assert after.gone.clean, after.gone
    assert after.kept
    assert after.changed == after.lost == []


@dataclass(frozen=True)
class After:
    """What is found once some documents of an index were forgotten."""

    searched: Search
    """By the forget itself."""
    gone: Search
    """For every text that the forgotten documents ever held."""
    kept: list[str]
    """Documents that were not forgotten."""
    changed: list[str]
    """Those of them whose text is not what was read last."""
    lost: list[str]
    """Those of them whose text is in no file."""


def _random_forget(folder, home, seed):
    """Make an index by random additions and changes, forget some of it, and look everywhere."""
    luck = random.Random(seed)
    said = {}
    shared = prose(f"boilerplate {seed}", 6)
    for round_ in range(luck.randrange(1, 4)):
        for number in luck.sample(range(12), luck.randrange(2, 8)):
            text = prose(f"{seed} {round_} {number}", luck.randrange(1, 40))
            said.setdefault(f"{number}.txt", []).append(text)
            with_shared = f"{text}\n\n{shared}" if luck.random() < 0.4 else text
            index_of(folder, {f"{number}.txt": with_shared})
        rag = opened(folder)
        for number in luck.sample(sorted(said), 2):
            add(folder, rag.ask(said[number][-1].splitlines()[0]), "right")
        rag.snapshot.close()
    names = luck.sample(sorted(said), luck.randrange(1, len(said)))

    done = forget(folder, home, rows_of(folder, *names))

    kept = sorted(said.keys() - set(names))
    with open_reader(folder) as ledger:
        now = {name: ledger.find_document(name).text for name in kept}
    return After(
        searched=done.search,
        gone=left_of(home, *(text for name in names for text in said[name])),
        kept=kept,
        changed=[name for name in kept if not now[name].startswith(said[name][-1])],
        lost=[name for name in kept if not left_of(home, said[name][-1]).found],
    )
