"""What was forgotten stays so, though a source brings it again with every rebuild."""

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from indexes.live.switch import rollback
from indexes.making.rebuild import plan_only
from rag.custody.commands import _lift
from rag.custody.forget import forget, resume
from rag.custody.proof import reports_of, verify_report
from rag.custody.targets import Wanted, chosen
from rag.errors import QuestionError
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


GATE = '[gate]\n[[gate.smoke]]\nquestion = "What oil burns in the lamp?"\nexpect = "whale"\n'


@pytest.fixture
def papers(tmp_path):
    """Return a shelf over a folder of three files, rebuilt once."""
    shelf = Shelf(tmp_path / "home")
    shelf.write("rolls.md", SECRET)
    shelf.write("lamp.md", PLAIN)
    shelf.write("tide.md", "# Tide\n\nThe tide turns at noon and again at midnight.\n")
    shelf.rebuild()
    return shelf


@pytest.mark.parametrize("how", ["rolled back", "refused"])
def test_what_only_a_build_holds_that_answers_can_be_forgotten_and_does_not_come_back(papers, how):
    path = papers.papers / "rolls.md"
    path.unlink()
    if how == "refused":
        papers.write("lamp.md", "# Lamp\n\nThe lamp burns seal oil.\n")
        assert papers.rebuild(GATE).outcome == "refused"
    else:
        papers.rebuild()
        rollback(papers.folder)
    assert "papers/rolls.md" in papers.sources()

    with Ledger.open(papers.folder) as ledger:
        rows = chosen(ledger, Wanted(("papers/rolls.md",)))
    done = forget(papers.folder, papers.home, rows)

    assert done.search.clean
    assert papers.sources() == ["papers/lamp.md", "papers/tide.md"]
    papers.write("rolls.md", SECRET)
    papers.write("copy.md", SECRET)
    papers.rebuild()
    assert not {"papers/rolls.md", "papers/copy.md"} & set(papers.sources())


def test_a_document_that_left_the_ledger_is_as_old_as_the_build_that_holds_it(papers):
    (papers.papers / "rolls.md").unlink()
    papers.rebuild()

    with Ledger.open(papers.folder) as ledger:
        now = datetime.now(UTC).date()
        assert chosen(ledger, Wanted(older_than=1), now) == []
        old = chosen(ledger, Wanted(older_than=1), now + timedelta(days=3))

    assert "papers/rolls.md" in {row.source for row in old}


def test_a_file_of_the_name_of_one_that_expired_after_it_had_gone_is_read(papers):
    old = "<html><head><meta name='date' content='2001-02-03'></head><body>{}</body></html>"
    path = papers.write("old.html", old.format("The old tariff was four shillings."))
    papers.rebuild()
    path.unlink()
    papers.rebuild()

    report = papers.rebuild("[retention]\ndays = 365\n")
    papers.write("old.html", "<html><body>The new tariff is nine shillings.</body></html>")
    papers.rebuild("[retention]\ndays = 365\n")

    assert report.expired == ("papers/old.html",)
    assert "papers/old.html" in papers.sources()


def test_a_page_that_expired_is_read_again_when_only_its_date_is_new(papers):
    page = "<html><head><meta name='date' content='{}'></head><body>Nine shillings.</body></html>"
    papers.write("old.html", page.format("2001-02-03"))
    papers.rebuild()
    papers.rebuild("[retention]\ndays = 36000\n")
    assert "papers/old.html" in papers.sources()
    assert papers.rebuild("[retention]\ndays = 365\n").expired == ("papers/old.html",)

    papers.write("old.html", page.format(datetime.now(UTC).date().isoformat()))
    papers.rebuild("[retention]\ndays = 365\n")

    assert "papers/old.html" in papers.sources()


def test_a_name_that_is_empty_means_no_document(papers):
    (papers.papers / "rolls.md").unlink()
    papers.rebuild()

    with Ledger.open(papers.folder) as ledger, pytest.raises(QuestionError, match="no document"):
        chosen(ledger, Wanted(("",)))


def test_no_build_is_made_live_again_while_a_forget_waits_to_be_finished(papers):
    with Ledger.open(papers.folder) as ledger:
        rows = chosen(ledger, Wanted(("papers/rolls.md",)))

    def stop(doing):
        if doing.startswith("removing old builds"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        forget(papers.folder, papers.home, rows, stop)

    with pytest.raises(QuestionError, match="rag forget --resume"):
        rollback(papers.folder)

    assert "papers/rolls.md" not in papers.sources()
    assert resume(papers.folder, papers.home) is not None


def lines(*numbers, named=False):
    return "".join(
        json.dumps(
            ({"id": f"k{n}"} if named else {})
            | {"title": f"T{n}", "text": f"Berth {n} is let to captain number {n} of Ulsay."}
        )
        + "\n"
        for n in numbers
    )


def without_second(shelf, named):
    path = shelf.write("berths.jsonl", lines(1, 2, 3, named=named))
    shelf.rebuild()
    with Ledger.open(shelf.folder) as ledger:
        rows = chosen(ledger, Wanted(("papers/berths.jsonl#" + ("k2" if named else "2"),)))
    forget(shelf.folder, shelf.home, rows)
    return path


def texts(shelf):
    with Ledger.open(shelf.folder) as ledger:
        return {ledger.document(row.document_id).text for row in ledger.sources()}


def berth(number):
    return f"Berth {number} is let to captain number {number} of Ulsay."


@pytest.mark.parametrize("named", [True, False])
def test_a_forgotten_record_does_not_come_back_when_its_file_is_renamed(papers, named):
    path = without_second(papers, named)

    path.rename(path.with_name("moved.jsonl"))
    papers.rebuild()

    assert "papers/moved.jsonl#" + ("k3" if named else "3") in papers.sources()
    assert berth(2) not in texts(papers)


@pytest.mark.parametrize("left", [(2, 3), (1, 9, 2, 3), (1, 3), (2, 1, 3)])
def test_a_forgotten_record_without_an_id_stays_so_and_no_other_goes_for_it(papers, left):
    path = without_second(papers, named=False)

    path.write_text(lines(*left))
    papers.rebuild()

    found = {text for text in texts(papers) if text.startswith("Berth")}
    assert found == {berth(n) for n in left if n != 2}


def test_a_text_that_another_document_keeps_is_not_barred(papers):
    papers.write("twin.jsonl", lines(2).replace("T2", "another title"))
    path = without_second(papers, named=False)

    path.write_text(lines(1, 3, 4))
    (papers.papers / "twin.jsonl").touch()
    papers.rebuild()

    assert berth(2) in texts(papers)


def test_lifting_a_file_that_is_not_there_lets_it_be_read_when_it_is_back(papers):
    with Ledger.open(papers.folder) as ledger:
        forget(papers.folder, papers.home, chosen(ledger, Wanted(("papers/rolls.md",))))
    path = papers.papers / "rolls.md"
    path.unlink()

    _lift(papers.folder, str(path))
    path.write_text(SECRET)
    papers.rebuild()

    assert "papers/rolls.md" in papers.sources()


def test_lifting_a_copy_in_a_mirror_lets_it_be_fetched_and_read(shelf):
    with Ledger.open(shelf.folder) as ledger:
        rows = chosen(ledger, Wanted(("wiki/rolls.md",)))
    forget(shelf.folder, shelf.home, rows)

    _lift(shelf.folder, rows[0].file)
    shelf.rebuild(shelf.more)

    assert "wiki/rolls.md" in shelf.sources()


def test_no_report_names_a_forgotten_document_as_what_another_is_a_copy_of(papers):
    papers.write("other.md", SECRET)
    papers.rebuild()
    with Ledger.open(papers.folder) as ledger:
        assert [r.duplicate_of for r in ledger.reports() if r.duplicate_of] == ["papers/rolls.md"]
    papers.write("rolls.md", "# Rolls\n\nNobody owes anything at all any more.\n")
    papers.rebuild()

    with Ledger.open(papers.folder) as ledger:
        forget(papers.folder, papers.home, chosen(ledger, Wanted(("papers/rolls.md",))))

        assert [r.duplicate_of for r in ledger.reports() if r.duplicate_of] == []
