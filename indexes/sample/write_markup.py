"""OpenDocument, EPUB and RTF files: small enough formats to write out by hand."""

import zipfile
from html import escape
from pathlib import Path

from indexes.sample.outline import Kind, Outline, Part

_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_ODF = "urn:oasis:names:tc:opendocument:xmlns"
_OFFICE = f'xmlns:office="{_ODF}:office:1.0" xmlns:meta="{_ODF}:meta:1.0"'
_DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
_CONTAINER = (
    '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
    '<rootfiles><rootfile full-path="OEBPS/content.opf" '
    'media-type="application/oebps-package+xml"/></rootfiles></container>'
)


def write_odt(outline: Outline, path: Path) -> None:
    """Write an OpenDocument text."""
    body = f'<text:h text:outline-level="1">{escape(outline.title)}</text:h>'
    body += "".join(_odt(part) for part in outline.parts)
    kind = "application/vnd.oasis.opendocument.text"
    files = {
        "content.xml": f'<office:document-content {_OFFICE} xmlns:text="{_ODF}:text:1.0" '
        f'xmlns:table="{_ODF}:table:1.0" office:version="1.3"><office:body><office:text>{body}'
        "</office:text></office:body></office:document-content>",
        "meta.xml": f'<office:document-meta {_OFFICE} {_DC} office:version="1.3"><office:meta>'
        f"<dc:title>{escape(outline.title)}</dc:title>"
        f"<meta:initial-creator>{escape(outline.author)}</meta:initial-creator>"
        f"<dc:creator>{escape(outline.author)}</dc:creator>"
        f"<meta:creation-date>{outline.date}T09:00:00</meta:creation-date>"
        f"<dc:date>{outline.date}T09:00:00</dc:date></office:meta></office:document-meta>",
    }
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type="{media}"/>'
        for name, media in [("/", kind), *((name, "text/xml") for name in files)]
    )
    files["META-INF/manifest.xml"] = (
        f'<manifest:manifest xmlns:manifest="{_ODF}:manifest:1.0" manifest:version="1.3">'
        f"{entries}</manifest:manifest>"
    )
    _pack(path, outline, kind, files)


def write_epub(outline: Outline, path: Path) -> None:
    """Write an EPUB 3 book with a chapter per section."""
    chapters = {
        f"chapter-{number}.xhtml": (heading, "".join(_xhtml(part) for part in parts))
        for number, (heading, parts) in enumerate(outline.sections(), 1)
    }
    title, author = escape(outline.title), escape(outline.author)
    links = "".join(f'<li><a href="{n}">{escape(h)}</a></li>' for n, (h, _) in chapters.items())
    items = "".join(
        f'<item id="c{i}" href="{name}" media-type="application/xhtml+xml"/>'
        for i, name in enumerate(chapters, 1)
    )
    spine = "".join(f'<itemref idref="c{i}"/>' for i in range(1, len(chapters) + 1))
    files = {
        "META-INF/container.xml": _CONTAINER,
        "OEBPS/content.opf": '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" '
        f'unique-identifier="id"><metadata {_DC}><dc:identifier id="id">{path.stem}'
        f"</dc:identifier><dc:title>{title}</dc:title><dc:creator>{author}</dc:creator>"
        f"<dc:language>en-GB</dc:language><dc:date>{outline.date}</dc:date>"
        f'<meta property="dcterms:modified">{outline.date}T09:00:00Z</meta></metadata>'
        '<manifest><item id="nav" href="nav.xhtml" properties="nav" '
        f'media-type="application/xhtml+xml"/>{items}</manifest><spine>{spine}</spine></package>',
        "OEBPS/nav.xhtml": _page(
            outline.title,
            '<nav xmlns:epub="http://www.idpf.org/2007/ops" epub:type="toc">'
            f"<ol>{links}</ol></nav>",
        ),
    }
    for name, (heading, body) in chapters.items():
        files[f"OEBPS/{name}"] = _page(heading, f"<h1>{escape(heading)}</h1>{body}")
    _pack(path, outline, "application/epub+zip", files)


def write_rtf(outline: Outline, path: Path) -> None:
    """Write Rich Text, with characters beyond ASCII as its escapes."""
    day = outline.date
    info = (
        rf"{{\info{{\title {_rtf(outline.title)}}}{{\author {_rtf(outline.author)}}}"
        rf"{{\creatim\yr{day.year}\mo{day.month}\dy{day.day}}}}}"
    )
    lines = [rf"\pard\b\fs32 {_rtf(outline.title)}\b0\fs22\par"]
    for part in outline.parts:
        match part.kind:
            case Kind.HEADING:
                lines.append(rf"\pard\b\fs26 {_rtf(part.text)}\b0\fs22\par")
            case Kind.TABLE:
                lines += [_rtf_row(row) for row in part.rows]
            case Kind.BULLETS:
                lines += [rf"\pard\bullet  {_rtf(line)}\par" for line in part.lines]
            case Kind.STEPS:
                steps = enumerate(part.lines, 1)
                lines += [rf"\pard {number}. {_rtf(line)}\par" for number, line in steps]
            case _:
                lines.append(rf"\pard {_rtf(part.text)}\par")
    head = r"{\rtf1\ansi\ansicpg1252\deff0\uc1{\fonttbl{\f0 Arial;}}"
    path.write_text("\n".join([head, info, *lines, "}\n"]), encoding="ascii", newline="\n")


def _odt(part: Part) -> str:
    match part.kind:
        case Kind.HEADING:
            return f'<text:h text:outline-level="{part.level}">{escape(part.text)}</text:h>'
        case Kind.BULLETS | Kind.STEPS:
            items = "".join(
                f"<text:list-item><text:p>{escape(line)}</text:p></text:list-item>"
                for line in part.lines
            )
            return f"<text:list>{items}</text:list>"
        case Kind.TABLE:
            rows = "".join(
                "<table:table-row>"
                + "".join(
                    f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p>'
                    "</table:table-cell>"
                    for cell in row
                )
                + "</table:table-row>"
                for row in part.rows
            )
            columns = f'<table:table-column table:number-columns-repeated="{len(part.rows[0])}"/>'
            return f"<table:table>{columns}{rows}</table:table>"
        case _:
            return f"<text:p>{escape(part.text)}</text:p>"


def _xhtml(part: Part) -> str:
    match part.kind:
        case Kind.HEADING:
            return f"<h{part.level}>{escape(part.text)}</h{part.level}>"
        case Kind.BULLETS | Kind.STEPS:
            tag = "ul" if part.kind is Kind.BULLETS else "ol"
            return f"<{tag}>{''.join(f'<li>{escape(line)}</li>' for line in part.lines)}</{tag}>"
        case Kind.TABLE:
            head, *rows = ("".join(f"<td>{escape(c)}</td>" for c in row) for row in part.rows)
            body = "".join(f"<tr>{row}</tr>" for row in rows)
            head = head.replace("td>", "th>")
            return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        case _:
            return f"<p>{escape(part.text)}</p>"


def _page(title: str, body: str) -> str:
    return (
        '<html xmlns="http://www.w3.org/1999/xhtml" lang="en-GB" xml:lang="en-GB"><head>'
        f"<title>{escape(title)}</title></head><body>{body}</body></html>"
    )


def _rtf(text: str) -> str:
    r"""Return `text` with RTF's own characters escaped and the rest as `\uN?`."""
    marks = {ord(c): f"\\{c}" for c in "\\{}"}
    return "".join(c if ord(c) < 128 else f"\\u{ord(c)}?" for c in text.translate(marks))


def _rtf_row(row: tuple[str, ...]) -> str:
    width = 9000 // len(row)
    edges = "".join(rf"\cellx{width * (i + 1)}" for i in range(len(row)))
    cells = "".join(rf"{_rtf(cell)}\cell " for cell in row)
    return rf"\trowd{edges}\pard\intbl {cells}\row"


def _pack(path: Path, outline: Outline, kind: str, files: dict[str, str]) -> None:
    """Write an archive that opens with an uncompressed `mimetype`, as both formats ask."""
    moment = (outline.date.year, outline.date.month, outline.date.day, 9, 0, 0)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo("mimetype", moment), kind)
        for name, text in files.items():
            info = zipfile.ZipInfo(name, moment)
            archive.writestr(info, (_XML + text).encode(), zipfile.ZIP_DEFLATED, 9)
