"""Archives that somebody made to do harm: their lists, their members, where they end."""

import io
import random
import tarfile

import pytest

from rag.custody.restore import import_index
from rag.errors import ArchiveRefused, SettingsError
from tests.custody.archives import member_of, members, pack, refused


def listed(name, /, **values):
    """Return a change of the list: set `values` of the file called `name`."""

    def change(record):
        (row,) = [row for row in record["files"] if row["name"] == name]
        row.update(values)

    return change


HOSTILE_LISTS = {
    "a name that climbs": listed("feedback.jsonl", name="../../feedback.jsonl"),
    "an absolute name": listed("feedback.jsonl", name="/etc/passwd"),
    "a file of a build": listed("feedback.jsonl", name="dense.faiss"),
    "a lock": listed("feedback.jsonl", name="writer.lock"),
    "a file twice": lambda r: r["files"].append(r["files"][0]),
    "no ledger": lambda r: r["files"].pop(1),
    "a size too small": listed("ledger.sqlite", bytes=4096),
    "a size too large": listed("ledger.sqlite", bytes=1 << 20),
    "a huge size": listed("ledger.sqlite", bytes=1 << 60),
    "a negative size": listed("ledger.sqlite", bytes=-1),
    "a size that is text": listed("ledger.sqlite", bytes="4096"),
    "a size that is true": listed("live.json", bytes=True),
    "a wrong sum": listed("ledger.sqlite", sha256="0" * 64),
    "a sum that is none": listed("ledger.sqlite", sha256="x"),
    "a newer format": lambda r: r.update(format=2),
    "another kind": lambda r: r.update(kind="quotewell receipt"),
    "a dimension of 0": lambda r: r["embedder"].update(dim=0),
    "a dimension without end": lambda r: r["embedder"].update(dim=1 << 40),
    "another dimension": lambda r: r["embedder"].update(dim=128),
    "another embedder": lambda r: r["embedder"].update(fingerprint="other"),
    "a name without end": lambda r: r["embedder"].update(name="x" * 5000),
    "no embedder": lambda r: r.pop("embedder"),
    "a list without end": lambda r: r.update(padding="x" * 100_000),
    "files that are none": lambda r: r.update(files=[1, 2]),
    "files as text": lambda r: r.update(files="ledger.sqlite"),
}


@pytest.mark.parametrize("what", HOSTILE_LISTS)
def test_a_list_is_refused_that_has(exported, tmp_path, elsewhere, what):
    pack(tmp_path / "bad.tar", members(exported), HOSTILE_LISTS[what])

    refused(tmp_path / "bad.tar", elsewhere)


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

    why = refused(tmp_path / "bad.tar", elsewhere)
    assert "where ledger.sqlite should be" in why or "codec can't decode" in why


def test_a_further_member_is_refused(exported, tmp_path, elsewhere):
    extra = [(member_of("../../../tmp/evil"), b"evil")]
    pack(tmp_path / "bad.tar", members(exported), extra=extra)

    assert "does not end" in refused(tmp_path / "bad.tar", elsewhere)


def test_what_hides_behind_the_end_is_refused(exported, tmp_path, elsewhere):
    (tmp_path / "bad.tar").write_bytes(exported.read_bytes() + b"\0" * 30_000 + b"hidden")

    assert "does not end" in refused(tmp_path / "bad.tar", elsewhere)


@pytest.mark.parametrize("seed", range(12))
def test_an_archive_cut_off_or_changed_anywhere_is_refused(exported, tmp_path, elsewhere, seed):
    luck, data = random.Random(seed), bytearray(exported.read_bytes())
    used = sum(512 + -(-len(d) // 512) * 512 for d in members(exported).values())
    if seed % 2:
        del data[luck.randrange(used) :]
    else:  # within a file; elsewhere there may be padding, which is ignored
        offset = luck.randrange(used - len(members(exported)["ledger.sqlite"]), used - 4096)
        data[offset] ^= 1 << luck.randrange(8)
    (tmp_path / "bad.tar").write_bytes(data)

    refused(tmp_path / "bad.tar", elsewhere)


@pytest.mark.parametrize("data", [b"", b"\0" * 10240, b"PK\3\4" * 500, b"x" * 5000])
def test_what_is_no_archive_is_refused(tmp_path, elsewhere, data):
    (tmp_path / "bad.tar").write_bytes(data)

    refused(tmp_path / "bad.tar", elsewhere)


def test_an_archive_larger_than_allowed_is_refused(exported, elsewhere):
    with pytest.raises(ArchiveRefused, match="--max-mb"):
        import_index(exported, elsewhere, None, max_mb=0)


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "", "x" * 200])
def test_a_name_that_is_no_folder_name_is_refused(exported, tmp_path, elsewhere, name):
    pack(tmp_path / "bad.tar", members(exported), lambda record: record.update(index=name))

    with pytest.raises(SettingsError, match="index name"):
        import_index(tmp_path / "bad.tar", elsewhere, None)

    assert [path.name for path in elsewhere.iterdir()] == [".import.lock"]
