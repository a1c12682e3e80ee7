"""Archives to import: whole ones, and ones that somebody made to do harm."""

import hashlib
import io
import json
import tarfile

import pytest

from rag.custody.restore import import_index
from rag.errors import ArchiveRefused
from tests.custody.material import opened

DOCUMENTS = {
    "ferry.txt": "The ferry to Ulsay leaves at nine. A return ticket costs twelve crowns.\n\n"
    "Dogs travel free on the lower deck.",
    "library.txt": "The library lends books for thirty days. Members pay nothing.",
    "größe.txt": "Das Boot ist zwölf Meter lang. طاحونة الماء القديمة.",
}
NOTHING = [".import.lock"]
"""What is in a folder of indexes when nothing was imported."""
QUESTIONS = ("What does a return ticket cost?", "How long are books lent?", "Who is the mayor?")


def answers(folder):
    rag = opened(folder)
    told = [rag.ask(question).to_dict() for question in QUESTIONS]
    hits = [
        (
            rag.snapshot.lexical(question, 9),
            rag.snapshot.dense(rag.embedder.embed_queries([question])[0], 9),
        )
        for question in QUESTIONS
    ]
    rag.snapshot.close()
    for one in told:
        del one["timings_ms"], one["build"]
    return told, hits


def members(path):
    with tarfile.open(path) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar}


def pack(path, files, change_list=lambda record: None, extra=()):
    """Write an archive whose list fits `files`, then as `change_list` makes it."""
    record = json.loads(files["list.json"])
    record["files"] = [
        {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in files.items()
        if name != "list.json"
    ]
    change_list(record)
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        for name, data in {**files, "list.json": json.dumps(record).encode()}.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        for member, data in extra:
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def member_of(name, type_=tarfile.REGTYPE, link=""):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = type_, link
    return member


def refused(path, elsewhere):
    """Import what must be refused; return why it was, and the files that are there now."""
    with pytest.raises(ArchiveRefused) as caught:
        import_index(path, elsewhere, "copy", max_mb=64)
    left = [*elsewhere.iterdir(), *elsewhere.parent.parent.glob("*/passwd")]
    return str(caught.value), [path.name for path in left]
