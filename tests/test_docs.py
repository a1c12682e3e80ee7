import re
from pathlib import Path

import click
import pytest

import rag
from rag.__main__ import cli
from rag.answer.reasons import WHY
from rag.errors import RagError
from rag.settings import Settings, describe
from rag.types import Reason

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands(group, prefix="rag"):
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        yield f"{prefix} {name}"
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix} {name}")


@pytest.mark.parametrize("key", [key for key, _, _ in describe()])
def test_every_setting_is_in_the_readme_with_its_default(key):
    default = {k: d for k, d, _ in describe()}[key]

    (row,) = [line for line in README.splitlines() if line.startswith(f"| `{key}` |")]
    assert f"| `{default}` |" in row or default in ("", ()), row


def test_every_command_is_in_the_readme():
    assert [c for c in commands(cli) if c not in README] == []


def test_every_command_and_option_explains_itself():
    for name in commands(cli):
        command = cli
        for word in name.split()[1:]:
            command = command.get_command(click.Context(command), word)
        assert command.help, name
        for option in command.params:
            assert isinstance(option, click.Argument) or option.help or option.name == "mode", (
                name,
                option.name,
            )


def test_every_reason_to_abstain_has_words_for_people():
    assert set(WHY) == set(Reason)


def test_every_settings_block_of_the_model_guide_can_be_used(tmp_path):
    guide = (ROOT / "MODELS.md").read_text(encoding="utf-8")
    found = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)

    assert found
    for number, block in enumerate(found):
        path = tmp_path / f"{number}.toml"
        path.write_text(block, encoding="utf-8")
        assert Settings.load(path, env={}) != Settings()


def test_the_folders_of_the_picture_exist():
    (picture,) = [b for b in blocks("text") if "THE LIBRARY" in b]

    tops = [ROOT / name for name in ("rag", "indexes", "web", "tests")]
    known = {f"{path.name}/" for top in tops for path in (top, *top.rglob("*")) if path.is_dir()}
    drawn = set(re.findall(r"(?:^|\s)([a-z_]+/)\s", picture))

    assert len(drawn) > 10
    assert drawn <= known


@pytest.mark.parametrize("word", ["Sceptic", "Conversation"])
def test_the_examples_without_weights_print_what_the_readme_says(capsys, word):
    (example,) = [b for b in blocks("python") if word in b]

    exec(compile(example, "README.md", "exec"), {})

    printed = capsys.readouterr().out.strip()
    assert printed
    assert all(f"# {line}" in example for line in printed.splitlines())


@pytest.mark.model
def test_the_library_example_prints_what_the_readme_says(capsys, monkeypatch, tmp_path):
    (example,) = [b for b in blocks("python") if "Rag.ingest" in b]
    monkeypatch.chdir(ROOT)

    exec(compile(example, "README.md", "exec"), {})

    printed = capsys.readouterr().out.strip()
    assert printed
    assert all(f"# {line}" in example for line in printed.splitlines())


def test_errors_are_drawn_as_a_tree_that_is_complete():
    def below(kind):
        ours = [sub for sub in kind.__subclasses__() if sub.__module__ == RagError.__module__]
        return {kind.__name__} | {n for sub in ours for n in below(sub)}

    assert {name for name in below(RagError) if name not in rag.errors.__doc__} == set()
