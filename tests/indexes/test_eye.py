import shutil
import threading
import time

import pytest
from pathspec import GitIgnoreSpec

from indexes.timing.eye import Eye, Watched


class Watching:
    """An eye on some places, and what it told."""

    def __init__(self, *roots, ignored=(".*",)):
        spec = GitIgnoreSpec.from_lines(ignored)
        self.changes, self.said = threading.Semaphore(0), []
        self.eye = Eye(
            [Watched(root, spec) for root in roots],
            self.changes.release,
            self.said.append,
            check=0.05,
        )

    def changed(self, seconds=5.0):
        return self.changes.acquire(timeout=seconds)

    def quiet(self):
        """Return whether nothing is told in the time a change takes to be told."""
        return not self.changed(0.25)

    def forget(self):
        while self.changed(0.3):
            pass


@pytest.fixture
def watching():
    made = []

    def make(*roots, **how):
        made.append(Watching(*roots, **how))
        return made[-1]

    yield make
    for each in made:
        each.eye.close()


def test_what_was_there_before_counts_as_changed_once(tmp_path, watching):
    eye = watching(tmp_path)

    assert eye.changed()
    assert eye.quiet()


def test_writing_moving_and_deleting_are_told_and_what_is_ignored_is_not(tmp_path, watching):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    eye = watching(tmp_path, ignored=(".*", "built/"))
    assert eye.changed()

    (tmp_path / "deep" / "er" / "a.md").write_text("one")
    assert eye.changed()
    eye.forget()
    (tmp_path / "deep" / "er" / "a.md").rename(tmp_path / "b.md")
    assert eye.changed()
    eye.forget()
    (tmp_path / "b.md").unlink()
    assert eye.changed()
    eye.forget()
    (tmp_path / ".hidden").write_text("x")
    (tmp_path / "built").mkdir()
    (tmp_path / "built" / "x").write_text("x")

    assert eye.quiet()


def test_a_single_file_that_an_editor_replaces_is_seen_each_time(tmp_path, watching):
    file = tmp_path / "fares.md"
    file.write_text("1")
    eye = watching(file)
    assert eye.changed()

    for number in range(2):
        eye.forget()
        (tmp_path / "fares.new").write_text(str(number))
        (tmp_path / "fares.new").replace(file)

        assert eye.changed()


def test_a_folder_that_goes_and_comes_is_waited_for(tmp_path, watching):
    drive = tmp_path / "drive"
    drive.mkdir()
    eye = watching(drive)
    assert eye.changed()

    shutil.rmtree(drive)
    eye.forget()
    end = time.monotonic() + 5
    while not eye.said and time.monotonic() < end:
        time.sleep(0.02)
    drive.mkdir()

    assert eye.changed()
    assert eye.said == [f"{drive} is not there; watching goes on when it is"]
    eye.forget()
    (drive / "a.md").write_text("one")
    assert eye.changed()


def test_a_folder_that_is_missing_hides_no_other(tmp_path, watching):
    here = tmp_path / "here"
    here.mkdir()
    eye = watching(tmp_path / "missing", here)
    assert eye.changed()
    eye.forget()

    (here / "a.md").write_text("one")

    assert eye.changed()
    assert len(eye.said) == 1


def test_closing_is_quick(tmp_path, watching):
    eye = watching(tmp_path)
    assert eye.changed()
    start = time.monotonic()

    eye.eye.close()

    assert time.monotonic() - start < 2
