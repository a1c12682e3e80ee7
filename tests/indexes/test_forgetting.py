"""What was forgotten stays so, though a source brings it again with every rebuild."""

import shutil
import subprocess

import pytest

from indexes.making.rebuild import plan_only
from rag.custody.forget import forget
from rag.custody.proof import reports_of, verify_report
from rag.custody.targets import Wanted, chosen
from rag.index.ledger import Ledger
from tests.indexes.shelf import Shelf

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="needs git")

SECRET = "# Rolls\n\nJonas Averill of berth seven owes the harbour nine hundred crowns.\n"
PLAIN = "# Lamp\n\nThe lamp burns whale oil from dusk until the last boat is in.\n"


def git(folder, *arguments):
    who = ["-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", folder, *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def shelf(tmp_path):
    """Return a shelf with one index, rebuilt from a git repository outside of the data folder."""
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "rolls.md").write_text(SECRET)
    (repository / "lamp.md").write_text(PLAIN)
    git(repository, "init", "-q")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "first")
    shelf = Shelf(tmp_path / "home")
    shelf.more = f'[[source]]\nkind = "git"\nname = "wiki"\npath = "{repository}"\n'
    shelf.rebuild(shelf.more)
    return shelf


def forgotten(shelf, name):
    with Ledger.open(shelf.folder) as ledger:
        rows = chosen(ledger, Wanted((name,)))
    return forget(shelf.folder, shelf.home, rows)


def verdict(shelf):
    (report,) = reports_of(shelf.folder)
    return verify_report(report, shelf.folder, shelf.home)


def test_what_was_forgotten_is_not_fetched_again_and_its_copies_are_let_go(shelf, tmp_path):
    done = forgotten(shelf, "wiki/rolls.md")
    assert done.search.clean
    assert done.cleaned["mirrored files"] == 1

    again = shelf.rebuild(shelf.more)

    assert again.documents == 1
    assert any("forgotten" in note for note in again.notes)
    assert verdict(shelf).clean
    (tmp_path / "repository" / "copy.md").write_text(SECRET)
    git(tmp_path / "repository", "add", "-A")
    git(tmp_path / "repository", "commit", "-qm", "a copy")
    outlook = plan_only(
        shelf.recipe(shelf.more), shelf.settings, lambda *event: None, shelf.parts()
    )
    assert outlook.plan.counts()["forgotten"] == 1
    assert verdict(shelf).clean
    assert shelf.rebuild(shelf.more).documents == 1
    assert verdict(shelf).clean


def test_the_copies_of_a_source_that_left_the_recipe_go_with_it(shelf):
    mirror = shelf.folder.mirror("wiki")
    papers = f'[[source]]\nkind = "folder"\nname = "papers"\npaths = ["{shelf.papers}"]\n'
    for number in range(4):
        shelf.write(f"{number}.md", f"# Page {number}\n\nA page about the number {number}.\n")
    shelf.rebuild(papers + shelf.more)
    assert mirror.is_dir()

    shelf.rebuild()

    assert not mirror.exists()


def test_the_file_in_the_repository_stays(shelf, tmp_path):
    forgotten(shelf, "wiki/rolls.md")
    shelf.rebuild(shelf.more)

    assert (tmp_path / "repository" / "rolls.md").read_text() == SECRET
