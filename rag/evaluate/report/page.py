"""Write a run as a folder that can be passed on: index.html, report.md, run.json."""

import json
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from rag.errors import SettingsError
from rag.evaluate.report.content import Content, Run, content_of
from rag.evaluate.report.markdown import markdown_of
from rag.evaluate.saved import RUN_FILE
from rag.index.disk import replace_text


def check_folder(folder: Path) -> None:
    """Make the folder of a report, so that what is wrong with it shows before a long run.

    Raises:
        SettingsError: If it cannot be made or written into.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unwritable(folder, error) from error


def write_report(folder: Path, run: Run) -> None:
    """Write the page, the same in Markdown, and the run itself.

    Raises:
        SettingsError: If the folder cannot be written into.
    """
    content = content_of(run)
    text = json.dumps(run, ensure_ascii=False, indent=1) + "\n"
    pages = {"index.html": html_of(content), "report.md": markdown_of(content), RUN_FILE: text}
    write_files(folder, pages)


def write_files(folder: Path, texts: Mapping[str, str]) -> None:
    """Write files into `folder`, each whole or not at all.

    Raises:
        SettingsError: If the folder cannot be written into.
    """
    check_folder(folder)
    try:
        for name, text in texts.items():
            replace_text(folder / name, text)
    except OSError as error:
        raise _unwritable(folder, error) from error


def html_of(content: Content) -> str:
    """Return the page: one file that asks for nothing else."""
    return rendered("report.html", content=content)


def rendered(template: str, **values: Any) -> str:  # noqa: ANN401  (what a template shows)
    """Return a page of this package; what stands in documents is escaped."""
    return _templates().get_template(template).render(**values)


@cache
def _templates() -> Environment:
    loader = PackageLoader("rag.evaluate.report")
    found = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals["style"] = Markup(loader.get_source(found, "report.css")[0])  # noqa: S704  (ours)
    return found


def _unwritable(folder: Path, error: OSError) -> SettingsError:
    why = error.strerror or str(error)
    return SettingsError(f"cannot write a report into {folder}: {why}; name a folder of your own")
