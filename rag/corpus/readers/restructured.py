"""reStructuredText: rendered to HTML by docutils, read by the HTML reader."""

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from docutils import nodes
from docutils.core import publish_parts
from docutils.parsers.rst import Directive, directives

from rag.corpus.decode import decode
from rag.corpus.normalize import clean
from rag.corpus.pieces import Content, Raw
from rag.corpus.readers.markup import html_content

# Nothing outside the file is read, nothing in it is passed through unparsed.
_SETTINGS = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "report_level": 5,
    "halt_level": 5,
    "_disable_config": True,
    "math_output": "LaTeX",
    "initial_header_level": 2,
    "doctitle_xform": True,
    "syntax_highlight": "none",
}
_FIELD = re.compile(r"^:(Author|Date):[ \t]+(.+)$", re.MULTILINE | re.IGNORECASE)
_OPENING = 2000  # characters in which a bibliographic field is looked for
_OF_SPHINX = (
    "versionadded versionchanged deprecated seealso function class method attribute module data "
    "exception option confval describe glossary tip hint rubric centered tab tabs only toctree "
    "automodule autoclass autofunction currentmodule highlight index literalinclude"
).split()


class _Described(Directive):  # type: ignore[misc]
    """A directive docutils does not know: its argument and its content are kept as text."""

    has_content: ClassVar[bool] = True
    optional_arguments: ClassVar[int] = 100
    option_spec: ClassVar[Any] = directives.unchanged

    def run(self) -> list[nodes.Node]:
        """Return the argument as a paragraph, then the parsed content."""
        section = nodes.container()
        if self.name in {"toctree", "index", "highlight", "currentmodule"}:
            return []
        if self.arguments:
            text = " ".join(self.arguments)
            section += nodes.paragraph("", text)
        self.state.nested_parse(self.content, self.content_offset, section)
        return [section]


def read_restructured(raw: Raw) -> Iterator[Content]:
    """Yield one document."""
    for name in _OF_SPHINX:
        if name not in directives._directive_registry:  # noqa: SLF001
            directives.register_directive(name, _Described)
    text = clean(decode(raw.data))
    parts = publish_parts(text, writer="html5", settings_overrides=_SETTINGS)
    content = html_content(parts["html_body"])
    content.title = html_content(parts["title"]).pieces[0].text if parts["title"] else ""  # type: ignore[union-attr]
    stated = {key.lower(): value.strip() for key, value in _FIELD.findall(text[:_OPENING])}
    content.metadata |= {key: stated[key] for key in ("author", "date") if key in stated}
    yield content
