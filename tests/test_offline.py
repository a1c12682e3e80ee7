"""No network at question time, proven where there is none: in a network namespace of its own."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PAPERS = Path(__file__).parent.parent / "indexes" / "sample" / "corpus" / "people"
QUESTION = "How many days of annual leave do full-time staff have?"
ALONE = ["unshare", "--net"]
WITH_LOOPBACK = [*ALONE, "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]


def works(*command):
    return (
        shutil.which(command[0])
        and not subprocess.run(command, capture_output=True, check=False).returncode
    )


def rag(*arguments, within=()):
    command = [*within, sys.executable, "-m", "rag", *map(str, arguments), "-i", "offline-test"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.model
@pytest.mark.parametrize(("mode", "within"), [("extractive", ALONE), ("generative", WITH_LOOPBACK)])
def test_an_answer_needs_no_network(mode, within):
    if not works(*within, "true"):
        pytest.skip("needs the right to make a network namespace (unshare, ip)")
    assert rag("ingest", PAPERS).returncode == 0

    done = rag("ask", QUESTION, "--mode", mode, within=within)

    assert done.returncode == 0, done.stderr
    assert "days of annual leave" in done.stdout
