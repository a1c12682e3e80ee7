"""Every system speaks the same lines, and ends when it should."""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.compare import system
from tests.compare.material import write_corpus
from tests.compare.talk import SystemFailed, talking

SCRIPT = """
import os, sys, time
from system import serve
class Echo:
    def ingest(self, documents, folder): return len(documents)
    def search(self, question, k): print('noise'); os.system('echo more'); return [question] * k
    def ask(self, question, scope):
        if question == 'die': os._exit(3)
        if question == 'sleep': time.sleep(60)
        if question == 'fail': raise ValueError('lost')
        return 'yes', [['1', 0, question]]
serve(Echo, 'click', 'no-such-package')
"""


@pytest.fixture
def echo(tmp_path):
    script = tmp_path / "echo.py"
    script.write_text(SCRIPT, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(Path(system.__file__).parent)}
    command = [sys.executable, str(script)]
    with talking(command, environment=environment, cwd=tmp_path, log=tmp_path / "log") as talk:
        yield talk


def test_a_system_answers_line_by_line_whatever_its_library_prints(echo, tmp_path):
    corpus = tmp_path / "corpus.jsonl"
    write_corpus({"mill": ("Mill", "It has four sails."), "pier": ("Pier", "x")}, corpus)

    started = echo.must(do="start")
    ingested = echo.must(do="ingest", corpus=str(corpus), folder="")
    found = echo.must(do="search", question="q", k=2)
    answer = echo.must(do="ask", question="q", scope=[])

    assert started["versions"]["no-such-package"] == "not installed"
    assert started["versions"]["click"][0].isdigit()
    assert ingested["chunks"] == 2
    assert found["ids"] == ["q", "q"]
    assert (answer["text"], answer["sentences"]) == ("yes", None)
    assert answer["peak_mb"] > 1
    assert set((tmp_path / "log").read_text("utf-8").split()) == {"noise", "more"}


def test_an_error_of_a_library_is_an_answer_and_the_next_question_is_still_asked(echo):
    echo.must(do="start")

    failed = echo.say(do="ask", question="fail", scope=[])

    assert failed["error"] == "ValueError: lost"
    assert echo.must(do="ask", question="q", scope=[])["text"] == "yes"
    with pytest.raises(SystemFailed, match="ask failed: ValueError: lost"):
        echo.must(do="ask", question="fail", scope=[])


def test_a_process_that_dies_is_reported_with_its_last_words(echo):
    echo.must(do="start")
    echo.must(do="search", question="q", k=1)

    with pytest.raises(SystemFailed, match="no answer to 'ask': exit 3, "):
        echo.say(do="ask", question="die", scope=[])


def test_a_process_that_is_late_is_ended(echo):
    echo.must(do="start")
    echo.patience_s = 0.3

    with pytest.raises(SystemFailed, match="exit -9"):
        echo.say(do="ask", question="sleep", scope=[])


def test_an_interrupt_leaves_no_process_and_no_child_of_one(tmp_path):
    script = "import subprocess, sys; c = subprocess.Popen(['sleep', '60']); print(c.pid); c.wait()"
    command = [sys.executable, "-u", "-c", script]
    child = 0

    with (
        suppress(KeyboardInterrupt),
        talking(command, environment=os.environ, cwd=tmp_path, log=tmp_path / "log") as talk,
    ):
        child = int(talk.process.stdout.readline())
        raise KeyboardInterrupt

    assert talk.process.returncode is not None
    assert _gone(child)


def _gone(pid):
    for _ in range(100):
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False
