"""Files made to do harm: each is refused with a reason, and the next one is read."""

import io
import os
import socket
import stat
import struct
import zipfile

import pytest

from rag.corpus.archive import Archive
from rag.corpus.child import Child
from rag.corpus.intake import blocks, take
from rag.corpus.limits import Limits
from rag.corpus.load import FileLoader
from rag.errors import LoadError
from rag.reports import FileStatus

DOCX = "word/document.xml"
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def word(xml):
    return zip_of({DOCX: xml})


def zip_of(members, compression=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def refused(read, name, data, **limits):
    documents, report = read(name, data, **limits)
    assert not documents
    assert report.status is FileStatus.REJECTED
    return report.reason


def test_a_member_that_inflates_hugely_is_refused_before_it_is_unpacked(read):
    bomb = zip_of({DOCX: bytes(60 * 2**20)})

    assert "times its size" in refused(read, "a.docx", bomb)


def test_more_than_the_total_allowed_is_refused(read):
    data = zip_of({DOCX: os.urandom(2**20), "b": os.urandom(2**20)})

    assert "more than 1 MB" in refused(read, "a.docx", data, unpacked_mb=1)


def test_tens_of_thousands_of_members_are_refused(read):
    whole = zip_of({DOCX: b""}, zipfile.ZIP_STORED)
    start, end = whole.index(b"PK\x01\x02"), whole.index(b"PK\x05\x06")
    directory = whole[start:end] * 60_000
    tail = bytearray(whole[end:])
    struct.pack_into("<HHI", tail, 8, 60_000, 60_000, len(directory))

    assert "60000 members" in refused(read, "a.docx", whole[:start] + directory + bytes(tail))


def test_overlapping_members_are_refused(read):
    data = bytearray(zip_of({DOCX: "<a/>", "other.xml": "<b/>"}))
    entries = [i for i in range(len(data)) if data[i : i + 4] == b"PK\x01\x02"]
    offset = struct.unpack_from("<I", data, entries[0] + 42)
    struct.pack_into("<I", data, entries[1] + 42, *offset)

    assert "overlap" in refused(read, "a.docx", bytes(data))


def test_a_member_that_lies_about_its_size_is_stopped():
    data = bytearray(zip_of({"a": bytes(1000)}))
    for magic, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.index(magic) + place, 10)
    archive = Archive(bytes(data), 1)

    with pytest.raises((LoadError, zipfile.BadZipFile)):
        archive.read("a")


def test_encrypted_members_are_refused(read):
    data = bytearray(zip_of({DOCX: "<a/>"}))
    for magic, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + place] |= 1

    assert "password" in refused(read, "a.docx", bytes(data))


def test_external_entities_are_refused_and_never_opened(read, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("top secret")
    xml = (
        f'<!DOCTYPE w [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'
        f'<w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>&e;</w:t></w:r></w:p></w:body>'
        "</w:document>"
    )

    assert "entities" in refused(read, "a.docx", word(xml))


def test_a_billion_laughs_are_refused(read):
    entities = '<!ENTITY a0 "ha">' + "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)
    )
    xml = f'<!DOCTYPE w [{entities}]><w:document xmlns:w="{W}">&a9;</w:document>'

    assert "entity" in refused(read, "a.docx", word(xml))


def test_names_in_archives_never_become_paths(read, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    xml = f'<w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>Hi</w:t></w:r></w:p></w:body>'
    data = zip_of({DOCX: f"{xml}</w:document>", "../../evil.txt": "x", "/abs.txt": "y"})

    (document,), _ = read("a.docx", data)

    assert document.text == "Hi"
    assert not list(tmp_path.iterdir())


def test_binary_data_under_a_text_name_is_refused(read):
    assert "not text" in refused(read, "a.txt", bytes(range(256)) * 40)


@pytest.mark.parametrize("data", [b"", b" \n\t\n", b"\xef\xbb\xbf", bytes(100)])
def test_an_empty_file_is_said_to_be_empty(read, data):
    assert "is empty" in refused(read, "a.md", data)


def test_a_text_named_pdf_is_refused(read):
    assert "holds no PDF data" in refused(read, "a.pdf", b"hello")


def test_links_pipes_sockets_devices_and_folders_are_not_opened(tmp_path):
    (tmp_path / "file.txt").write_text("x")
    (tmp_path / "link.txt").symlink_to(tmp_path / "file.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "s"))
        reasons = {}
        for name in ("link.txt", "pipe.txt", "s", ".", "/dev/zero"):
            with pytest.raises(LoadError) as caught:
                take(tmp_path / name, 1)
            reasons[name] = str(caught.value)

    assert "symbolic link" in reasons["link.txt"]
    assert "pipe" in reasons["pipe.txt"]
    assert "socket" in reasons["s"]
    assert "folder" in reasons["."]
    assert "device" in reasons["/dev/zero"]


def test_too_large_a_file_is_refused_without_being_read(tmp_path):
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(5 * 2**30)  # sparse: takes no room

    with pytest.raises(LoadError, match="larger than 1 MB"):
        take(path, 1)


def test_a_file_that_changes_while_being_read_is_refused(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(bytes(3 * 2**20))
    reading = blocks(path, 10)
    next(reading)

    with path.open("ab") as file:
        file.write(b"more")

    with pytest.raises(LoadError, match="changed while it was being read"):
        list(reading)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("x")
    path.chmod(stat.S_IWUSR)

    with pytest.raises(LoadError, match="permissions"):
        take(path, 1)


def test_a_parser_that_takes_too_long_is_killed_and_the_next_file_is_read(found):
    slow = found("slow.md", b"* a\n" * 1_000_000)
    with FileLoader(Limits(parse_seconds=1), workers=1) as loader:
        late = loader.read(slow)
        fine = loader.read(found("fine.txt", b"Fine."))

    assert late.report.status is FileStatus.REJECTED
    assert "took longer than 1 s" in late.report.reason
    assert late.report.seconds < 10
    assert fine.documents[0].text == "Fine."


def test_a_parser_that_eats_memory_is_stopped_and_the_next_file_is_read(found):
    hungry = found("hungry.json", b"[" + b'{"a": [1, 2, 3]}, ' * 800_000 + b"0]")
    with FileLoader(Limits(parse_memory_mb=256), workers=1) as loader:
        greedy = loader.read(hungry)
        fine = loader.read(found("fine.txt", b"Fine."))

    assert greedy.report.status is FileStatus.REJECTED
    assert "256 MB" in greedy.report.reason
    assert fine.documents[0].text == "Fine."


def test_a_sheet_as_large_as_the_format_allows_kills_no_more_than_its_reader(found):
    sheet = (
        '<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row>'
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    )
    book = (
        '<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        '<sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>'
    )
    links = (
        '<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"/>'
        "</Relationships>"
    )
    data = zip_of(
        {
            "xl/workbook.xml": book,
            "xl/_rels/workbook.xml.rels": links,
            "xl/worksheets/sheet1.xml": sheet,
        }
    )
    with FileLoader(workers=1) as loader:
        huge = loader.read(found("huge.xlsx", data))
        fine = loader.read(found("fine.txt", b"Fine."))

    assert huge.report.status is FileStatus.REJECTED
    assert huge.report.reason
    assert fine.documents[0].text == "Fine."


def test_a_worker_that_was_killed_between_files_is_replaced():
    child = Child(Limits())
    try:
        child.ask("a.txt", b"One.")
        os.kill(child._process.pid, 9)
        child._process.wait()

        answer = child.ask("b.txt", b"Two.")
    finally:
        child.stop()

    assert answer["documents"][0]["text"] == "Two."


def test_workers_get_no_secrets_of_the_environment(monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", "s3cret")
    child = Child(Limits())
    try:
        child.ask("a.txt", b"One.")
        with open(f"/proc/{child._process.pid}/environ", "rb") as file:  # noqa: PTH123
            environment = file.read()
    finally:
        child.stop()

    assert b"s3cret" not in environment
