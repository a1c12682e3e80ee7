import pytest

from rag.corpus.load import FileLoader, Found
from rag.corpus.parse import parse


@pytest.fixture
def read():
    """Parse bytes in this process; return the documents and the report."""

    def read_bytes(name, data, **limits):
        *documents, report = parse(data, name, **limits)
        return documents, report

    return read_bytes


@pytest.fixture
def text_of(read):
    """Parse bytes that must give one document; return its text."""

    def text(name, data):
        (document,), _ = read(name, data)
        return document.text

    return text


@pytest.fixture
def loader():
    with FileLoader(workers=1) as loader:
        yield loader


@pytest.fixture
def found(tmp_path):
    """Write a file and return it as found."""

    def write(name, data):
        path = tmp_path / name
        path.write_bytes(data)
        return Found(path, name)

    return write


@pytest.fixture
def make_pdf():
    """Return a function that writes a PDF from pages of (x, y, size, text)."""

    def make(*pages, extra="", bold=(), info=b""):
        font = b"<< /Type /Font /Subtype /Type1 /BaseFont /%s >>"
        fonts = [font % name for name in (b"Helvetica", b"Helvetica-Bold")]
        objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"", *fonts]
        kids = []
        for page in pages:
            lines = [
                f"BT /F{2 if text in bold else 1} {size} Tf {x} {y} Td ({text}) Tj ET"
                for x, y, size, text in page
            ]
            stream = "\n".join(lines).encode("latin-1")
            objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
            content = len(objects)
            objects.append(
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
                b"/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>" % content
            )
            kids.append(len(objects))
        if info:
            objects.append(info)
            extra += f" /Info {len(objects)} 0 R"
        refs = " ".join(f"{kid} 0 R" for kid in kids)
        objects[1] = f"<< /Type /Pages /Kids [{refs}] /Count {len(kids)} >>".encode("ascii")
        return assemble(objects, extra)

    return make


def assemble(objects, extra):
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    start = out.index(b"xref\n0 ")
    trailer = f"<< /Size {size} /Root 1 0 R {extra} >>\nstartxref\n{start}\n%%EOF\n"
    return out + b"trailer\n" + trailer.encode("latin-1")
