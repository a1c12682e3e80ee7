"""Archives that somebody made to do harm: their lists, their members, where they end."""

import io
import random
import tarfile

import pytest

from rag.custody.restore import import_index
from rag.errors import ArchiveRefused, SettingsError
from tests.custody.archives import NOTHING, member_of, members, pack, refused


def listed(name, /, **values):
    """Return a change of the list: set `values` of the file called `name`."""

    def change(record):
        (row,) = [row for row in record["files"] if row["name"] == name]
        row.update(values)

    return change


HOSTILE_LISTS = {
    "a name that climbs": (
        listed("feedback.jsonl", name="../../feedback.jsonl"),
        "no file of an index: '../../feedback.jsonl'",
    ),
    "an absolute name": (
        listed("feedback.jsonl", name="/etc/passwd"),
        "no file of an index: '/etc/passwd'",
    ),
    "a file of a build": (
        listed("feedback.jsonl", name="dense.faiss"),
        "no file of an index: 'dense.faiss'",
    ),
    "a lock": (listed("feedback.jsonl", name="writer.lock"), "no file of an index: 'writer.lock'"),
    "a file twice": (lambda r: r["files"].append(r["files"][0]), "a file is listed twice"),
    "no ledger": (lambda r: r["files"].pop(1), "it lists no ledger.sqlite"),
    "a size too small": (listed("ledger.sqlite", bytes=4096), "its list says 4,096;"),
    "a size too large": (listed("ledger.sqlite", bytes=1 << 20), "its list says 1,048,576;"),
    "a huge size": (
        listed("ledger.sqlite", bytes=1 << 60),
        "more than the 67,108,864 allowed by --max-mb",
    ),
    "a negative size": (listed("ledger.sqlite", bytes=-1), "no size and SHA-256 of ledger.sqlite"),
    "a size that is text": (listed("ledger.sqlite", bytes="4096"), "not a number: '4096'"),
    "a size that is true": (listed("live.json", bytes=True), "not a number: 'True'"),
    "a wrong sum": (
        listed("ledger.sqlite", sha256="0" * 64),
        "ledger.sqlite does not match the SHA-256 in its list",
    ),
    "a sum that is none": (
        listed("ledger.sqlite", sha256="x"),
        "no size and SHA-256 of ledger.sqlite",
    ),
    "a newer format": (lambda r: r.update(format=2), "has format 2 and this version reads 1"),
    "another kind": (lambda r: r.update(kind="quotewell receipt"), "is no exported index"),
    "a dimension of 0": (lambda r: r["embedder"].update(dim=0), "vectors of 0 numbers"),
    "a dimension without end": (
        lambda r: r["embedder"].update(dim=1 << 40),
        "vectors of 1099511627776 numbers",
    ),
    "another dimension": (
        lambda r: r["embedder"].update(dim=128),
        "vectors of 256 numbers under the embedder's fingerprint, which now says 128",
    ),
    "another embedder": (
        lambda r: r["embedder"].update(fingerprint="other"),
        "lacks 3 of the chunks or vectors",
    ),
    "a name without end": (
        lambda r: r["embedder"].update(name="x" * 5000),
        "not a short text: 'xxx",
    ),
    "no embedder": (lambda r: r.pop("embedder"), "makes no sense ('embedder')"),
    "a list without end": (
        lambda r: r.update(padding="x" * 100_000),
        "bytes, which no export writes",
    ),
    "files that are none": (
        lambda r: r.update(files=[1, 2]),
        "begins with a list that makes no sense",
    ),
    "files as text": (
        lambda r: r.update(files="ledger.sqlite"),
        "begins with a list that makes no sense",
    ),
}


@pytest.mark.parametrize("what", HOSTILE_LISTS)
def test_a_list_is_refused_that_has(exported, tmp_path, elsewhere, what):
    change, words = HOSTILE_LISTS[what]
    pack(tmp_path / "bad.tar", members(exported), change)

    why, left = refused(tmp_path / "bad.tar", elsewhere)

    assert words in why
    assert left == NOTHING


@pytest.mark.parametrize(
    "member",
    [
        member_of("ledger.sqlite", tarfile.SYMTYPE, "/etc/passwd"),
        member_of("ledger.sqlite", tarfile.LNKTYPE, "live.json"),
        member_of("ledger.sqlite", tarfile.DIRTYPE),
        member_of("ledger.sqlite", tarfile.FIFOTYPE),
        member_of("ledger.sqlite", tarfile.CHRTYPE),
        member_of("ledger.sqlite", tarfile.BLKTYPE),
        member_of("ledger.sqlite", tarfile.GNUTYPE_SPARSE),
        member_of("ledger.sqlite", tarfile.CONTTYPE),
        member_of("ledger.sqlite", tarfile.GNUTYPE_LONGNAME),
        member_of("ledger.sqlite", tarfile.XHDTYPE),
        member_of("ledger.sqlite", tarfile.AREGTYPE),
        member_of("../ledger.sqlite"),
        member_of("/ledger.sqlite"),
        member_of("./ledger.sqlite"),
        member_of("ledger.sqlite\n"),
        member_of("LEDGER.SQLITE"),
        member_of("ledger.sqlité"),
        member_of("writer.lock"),
    ],
    ids=lambda member: f"{member.type}-{member.name!r}",
)
def test_a_member_is_refused_that_is_not_the_file_it_should_be(
    exported, tmp_path, elsewhere, member
):
    files = members(exported)
    with tarfile.open(tmp_path / "bad.tar", "w", format=tarfile.GNU_FORMAT) as tar:
        for name, data in files.items():
            entry = member if name == "ledger.sqlite" else member_of(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))

    why, left = refused(tmp_path / "bad.tar", elsewhere)

    assert "where ledger.sqlite should be" in why or "codec can't decode" in why
    assert left == NOTHING


def test_a_further_member_is_refused(exported, tmp_path, elsewhere):
    extra = [(member_of("../../../tmp/evil"), b"evil")]
    pack(tmp_path / "bad.tar", members(exported), extra=extra)

    why, left = refused(tmp_path / "bad.tar", elsewhere)

    assert "does not end" in why
    assert left == NOTHING


def test_what_hides_behind_the_end_is_refused(exported, tmp_path, elsewhere):
    (tmp_path / "bad.tar").write_bytes(exported.read_bytes() + b"\0" * 30_000 + b"hidden")

    why, left = refused(tmp_path / "bad.tar", elsewhere)

    assert "does not end" in why
    assert left == NOTHING


@pytest.mark.parametrize("seed", range(12))
def test_an_archive_cut_off_or_changed_anywhere_is_refused(exported, tmp_path, elsewhere, seed):
    luck, data = random.Random(seed), bytearray(exported.read_bytes())
    used = sum(512 + -(-len(d) // 512) * 512 for d in members(exported).values())
    if seed % 2:
        words = "is cut off"
        del data[luck.randrange(used) :]
    else:  # within a file; elsewhere there may be padding, which is ignored
        words = "is damaged: ledger.sqlite does not match the SHA-256 in its list"
        offset = luck.randrange(used - len(members(exported)["ledger.sqlite"]), used - 4096)
        data[offset] ^= 1 << luck.randrange(8)
    (tmp_path / "bad.tar").write_bytes(data)

    why, left = refused(tmp_path / "bad.tar", elsewhere)

    assert words in why
    assert left == NOTHING


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is cut off"),
        (b"\0" * 10240, "is no archive that can be read"),
        (b"PK\3\4" * 500, "is no archive that can be read"),
        (b"x" * 5000, "is no archive that can be read"),
    ],
    ids=["nothing", "zeros", "a zip", "letters"],
)
def test_what_is_no_archive_is_refused(tmp_path, elsewhere, data, words):
    (tmp_path / "bad.tar").write_bytes(data)

    why, left = refused(tmp_path / "bad.tar", elsewhere)

    assert words in why
    assert left == NOTHING


def test_an_archive_larger_than_allowed_is_refused(exported, elsewhere):
    with pytest.raises(ArchiveRefused, match="--max-mb"):
        import_index(exported, elsewhere, None, max_mb=0)


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "", "x" * 200])
def test_a_name_that_is_no_folder_name_is_refused(exported, tmp_path, elsewhere, name):
    pack(tmp_path / "bad.tar", members(exported), lambda record: record.update(index=name))

    with pytest.raises(SettingsError, match="index name"):
        import_index(tmp_path / "bad.tar", elsewhere, None)

    assert [path.name for path in elsewhere.iterdir()] == [".import.lock"]
