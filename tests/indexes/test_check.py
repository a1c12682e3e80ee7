"""A build that is not what the ledger says it should be never goes live."""

import sqlite3
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from indexes.making.check import check_build
from rag.errors import IndexDamaged
from rag.index.disk import file_sum
from rag.index.ledger import Ledger
from rag.index.manifest import Manifest


def change(shelf, script):
    with closing(sqlite3.connect(shelf.folder.ledger)) as db:
        db.executescript(script)


def checked(shelf, build):
    with Ledger.open(shelf.folder) as ledger:
        check_build(shelf.folder, ledger, build)


def test_a_build_of_what_the_ledger_holds_passes(shelf):
    checked(shelf, shelf.rebuild().build)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (
            "DELETE FROM chunk WHERE id = (SELECT min(id) FROM chunk)",
            "it holds 4 documents in 4 chunks, the ledger 4 in 3;",
        ),
        (
            "UPDATE vector SET vector = zeroblob(length(vector))",
            "is not found by its own vector;",
        ),
        (
            "UPDATE vector SET vector = (SELECT other.vector FROM vector AS other"
            " WHERE other.embed_key <> vector.embed_key)",
            "is not found by its own vector;",
        ),
        (
            "UPDATE content SET revision = revision || 'x'",
            "has no chunk",
        ),
    ],
    ids=["a chunk less", "vectors of nothing", "vectors of other chunks", "other revisions"],
)
def test_a_build_does_not_pass_when_the_ledger_has(shelf, script, words):
    build = shelf.rebuild().build
    change(shelf, script)

    with pytest.raises(IndexDamaged, match=f"build {build} .*{words}"):
        checked(shelf, build)


def test_a_build_does_not_pass_whose_words_all_lead_to_one_chunk(shelf):
    build = shelf.rebuild().build
    path = shelf.folder.build(build)
    rows = np.load(path / "lexical" / "rows.npy")
    np.save(path / "lexical" / "rows.npy", np.zeros_like(rows))
    manifest = Manifest.read(path)
    sums = dict(manifest.files) | {"lexical/rows.npy": file_sum(path / "lexical" / "rows.npy")}
    (path / "manifest.json").write_bytes(replace(manifest, files=sums).to_json())

    with pytest.raises(IndexDamaged, match="is not found by its own words;"):
        checked(shelf, build)
