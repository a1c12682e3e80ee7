"""The same report as Markdown, for a wiki or a merge request."""

import re
from collections.abc import Iterator

from rag.evaluate.report.content import Content, Kind

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|~>])")


def plain(text: str) -> str:
    """Return text of a document on one line, with everything escaped that Markdown reads."""
    line = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")
    return _SPECIAL.sub(r"\\\1", line)


def markdown_of(content: Content) -> str:
    """Return the report as Markdown; it has no pictures."""
    return "\n".join(_lines(content)) + "\n"


def _lines(content: Content) -> Iterator[str]:
    yield f"# {plain(content.title)}"
    yield ""
    yield " ".join(plain(sentence) for sentence in content.lede)
    if content.partial:
        yield "\n**Interrupted: these figures are of what was done until then.**"
    yield ""
    for number in content.numbers:
        interval = f" ({number.interval})" if number.interval else ""
        yield f"- **{number.value}** {number.label}{interval}. {number.meaning}"
    yield from _table(content)
    yield from _failures(content)
    yield "\n## How it was measured\n"
    for name, value in content.facts:
        yield f"- {plain(name)}: {plain(value)}"
    if content.command:
        yield f"\nTo measure it again:\n\n    {' '.join(content.command.split())}"


def _table(content: Content) -> Iterator[str]:
    yield "\n## All figures"
    for name, lines in content.groups:
        yield f"\n### {plain(name)}\n"
        yield "| figure | value | 95 % interval | n | key |"
        yield "|---|---|---|---|---|"
        for one in lines:
            mark = " (unreliable)" if one.unreliable else ""
            better = f" {one.better}" if one.better else ""
            label = f"{plain(one.label)}{better}{mark}"
            yield f"| {label} | {one.value} | {one.interval} | {one.n} | {plain(one.key)} |"
    if content.judge:
        yield f"\n{plain(content.judge)}"


def _failures(content: Content) -> Iterator[str]:
    if not content.of:
        return
    yield f"\n## What went wrong: {content.failed} of {content.of}\n"
    for kind in content.kinds:
        yield f"- {kind.count}: {kind.label}"
    for kind in content.kinds:
        if kind.stories:
            yield f"\n### {kind.label}"
            yield from _stories(kind)


def _stories(kind: Kind) -> Iterator[str]:
    for story in kind.stories:
        yield f"\n**{plain(story.asked)}** ({plain(story.id)})\n"
        if story.gold:
            yield f"- Gold: {plain(story.gold)}"
        if story.answer:
            yield f"- Came out: {plain(story.answer)}"
        for quote in story.quotes:
            where = plain(f"{quote.title} {quote.place}".strip())
            yield f"- {story.of_quotes}, {where}: {plain(quote.text)}"
        for step in story.steps:
            yield f"- {step.name}"
            yield from (f"  - {plain(line)}" for line in step.lines)
