"""What Word, PowerPoint and Excel files share: parts, relations, core properties, equations.

Elements are told apart by their local names, as the transitional and the strict form of
the standard use different namespaces for the same things.
"""

import posixpath
from collections.abc import Iterator
from typing import TypeAlias

from lxml import etree

from rag.corpus.archive import Archive
from rag.corpus.pieces import Table
from rag.corpus.tables import with_headers

Element: TypeAlias = etree._Element  # noqa: SLF001  (lxml has no public name for it)
_CORE = {
    "creator": "author",
    "subject": "subject",
    "keywords": "keywords",
    "language": "language",
    "title": "title",
}


def local(element: Element) -> str:
    """Return the name of `element` without its namespace; "" for a comment."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: Element | None, name: str) -> str:
    """Return an attribute by its local name, "" if there is none."""
    if element is None:
        return ""
    for key, value in element.attrib.items():
        if str(key).rpartition("}")[2] == name:
            return str(value)
    return ""


def child(element: Element | None, *path: str) -> Element | None:
    """Return the first descendant along a path of local names."""
    for name in path:
        if element is None:
            return None
        element = next((e for e in element if local(e) == name), None)
    return element


def find_all(element: Element, *names: str) -> Iterator[Element]:
    """Yield the descendants with one of these local names, in document order."""
    return (e for e in element.iter() if local(e) in names)


def text_of(element: Element, name: str = "t") -> str:
    """Return the text of all descendants called `name`."""
    return "".join(e.text or "" for e in find_all(element, name))


def relations(archive: Archive, part: str) -> dict[str, tuple[str, str]]:
    """Map relation ids of `part` to (kind, name of the part it points to).

    Targets outside the archive are left out.
    """
    folder, name = posixpath.split(part)
    path = f"{folder}/_rels/{name}.rels".lstrip("/")
    if path not in archive.names:
        return {}
    found: dict[str, tuple[str, str]] = {}
    for relation in archive.xml(path):
        if relation.get("TargetMode") == "External" or not isinstance(relation.tag, str):
            continue
        target = relation.get("Target", "")
        whole = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
        kind = relation.get("Type", "").rpartition("/")[2]
        found[relation.get("Id", "")] = (kind, posixpath.normpath(whole))
    return found


def parts_of_kind(archive: Archive, part: str, *kinds: str) -> list[str]:
    """Return the parts that `part` refers to by relations of these kinds."""
    names = [name for kind, name in relations(archive, part).values() if kind in kinds]
    return [name for name in names if name in archive.names]


def core_properties(archive: Archive) -> dict[str, str]:
    """Return author, date and the like; `title` among them."""
    if "docProps/core.xml" not in archive.names:
        return {}
    found: dict[str, str] = {}
    dates: dict[str, str] = {}
    for item in archive.xml("docProps/core.xml"):
        name, value = local(item), (item.text or "").strip()
        if name in _CORE and value:
            found[_CORE[name]] = value
        elif name in {"modified", "created"} and value:
            dates[name] = value
    date = dates.get("modified") or dates.get("created")
    return found | ({"date": date} if date else {})


def chart_table(root: Element) -> tuple[str, Table]:
    """Return the title of a chart and its data: a row a category, a column a series."""
    title = next((text_of(e) for e in find_all(root, "title")), "")
    columns: list[tuple[str, list[str]]] = []
    categories: list[str] = []
    for series in find_all(root, "ser"):
        name, points = child(series, "tx"), child(series, "val")
        points = child(series, "yVal") if points is None else points
        labels = child(series, "cat")
        labels = child(series, "xVal") if labels is None else labels
        if labels is not None and not categories:
            categories = _points(labels)
        columns.append((text_of(name, "v") if name is not None else "", _points(points)))
    length = max([len(categories), *(len(values) for _, values in columns)], default=0)
    rows = [
        tuple(_at(values, row) for values in (categories, *(v for _, v in columns)))
        for row in range(length)
    ]
    headers = ("", *(name for name, _ in columns))
    return title, with_headers([headers, *rows], marked=True)


def _points(element: Element | None) -> list[str]:
    if element is None:
        return []
    points = {attribute(e, "idx"): text_of(e, "v") for e in find_all(element, "pt")}
    numbers = [int(index) for index in points if index.isdecimal()]
    most = min(max(numbers, default=-1) + 1, 100_000)
    return [points.get(str(index), "") for index in range(most)]


def _at(values: list[str], row: int) -> str:
    return values[row] if row < len(values) else ""


def comment_line(text: str, *, at: str = "", author: str = "", date: str = "") -> str:
    """Return a comment on one line, with who wrote it, when and where; "" if it is empty."""
    words = [
        f"{word} {value}" for word, value in (("on", at), ("by", author), ("at", date)) if value
    ]
    return f"{' '.join(['Comment', *words])}: {text.strip()}" if text.strip() else ""


def equation(element: Element) -> str:
    """Return an Office equation on one line: `x^2`, `(a + b)/(c)`, `sqrt(x)`."""
    name = local(element)
    if name == "t":
        return element.text or ""
    if name.endswith("Pr"):
        return ""
    args = {local(e): _inner(e) for e in element if local(e) in _ARGUMENTS}
    shape = _EQUATIONS.get(name)
    if shape:
        return shape.format_map(_Blank(args))
    if name in {"d", "eqArr", "m"}:
        parts = list(filter(None, map(equation, element)))
        return f"({', '.join(parts)})" if name == "d" else "; ".join(parts)
    if name == "nary":
        mark = attribute(child(element, "naryPr", "chr"), "val") or "\u222b"
        return f"{mark}_{args.get('sub', '')}^{args.get('sup', '')} {args.get('e', '')}"
    return _inner(element)


def _inner(element: Element) -> str:
    return "".join(equation(e) for e in element)


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


_ARGUMENTS = frozenset("num den e sub sup deg lim fName".split())
_EQUATIONS = {
    "f": "({num})/({den})",
    "sSup": "{e}^{sup}",
    "sSub": "{e}_{sub}",
    "sSubSup": "{e}_{sub}^{sup}",
    "sPre": "_{sub}^{sup} {e}",
    "rad": "{deg}\u221a({e})",
    "func": "{fName} {e}",
    "limLow": "{e}_{lim}",
    "limUpp": "{e}^{lim}",
}
