"""Markdown: rendered to HTML by markdown-it, read by the HTML reader; front matter apart."""

import re
import tomllib
from collections.abc import Iterator

from markdown_it import MarkdownIt

from rag.corpus.decode import decode
from rag.corpus.normalize import clean
from rag.corpus.pieces import Content, Raw
from rag.corpus.readers.markup import html_content

_FRONT = re.compile(r"\A(---|\+\+\+)[ \t]*\n(.*?)\n(?:\1|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_SCALAR = re.compile(r"^([A-Za-z][\w .-]{0,60}):[ \t]+(\S.*?)\s*$", re.MULTILINE)
_WORDS = {"tags": "keywords", "lang": "language", "description": "subject", "authors": "author"}
_DATES = ("modified", "lastmod", "last_modified", "updated", "date", "published", "created")


def read_markdown(raw: Raw) -> Iterator[Content]:
    """Yield one document; scalars of YAML or TOML front matter become metadata."""
    text = clean(decode(raw.data))
    front = _FRONT.match(text)
    metadata = _front_matter(*front.groups()) if front else {}
    content = html_content(_renderer().render(text[front.end() :] if front else text))
    content.title = metadata.pop("title", "")
    content.metadata = metadata
    yield content


def _renderer() -> MarkdownIt:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


def _front_matter(fence: str, body: str) -> dict[str, str]:
    fields = _toml(body) if fence == "+++" else _yaml(body)
    metadata = {_WORDS.get(key, key): value for key, value in fields.items() if key not in _DATES}
    date = next((fields[key] for key in _DATES if key in fields), "")
    return metadata | ({"date": date} if date else {})


def _toml(body: str) -> dict[str, str]:
    try:
        tree = tomllib.loads(body)
    except tomllib.TOMLDecodeError:
        return {}
    return {k.lower(): str(v) for k, v in tree.items() if not isinstance(v, dict | list)}


def _yaml(body: str) -> dict[str, str]:
    """Return the `key: value` lines at the margin; nested YAML is none of our metadata."""
    found: dict[str, str] = {}
    for key, value in _SCALAR.findall(body):
        plain = value.strip("[]") if value.startswith("[") else value
        found[key.lower()] = plain.strip("\"'")
    return found
