import signal
import sys
import time

import pytest

from indexes.timing.crew import BUSY, Crew, environment, rebuild_words
from rag.settings import Settings

INTERRUPTED = -signal.SIGINT.value
KILL = -signal.SIGKILL.value
IGNORES = (
    "import signal, time; signal.signal(2, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
)


def python(code):
    """Return a command that runs `code`, whatever it is to rebuild."""
    return lambda name, why, due: [sys.executable, "-S", "-c", code, name, why, due]


def ended(crew, seconds=10.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if over := crew.ended():
            return over
        time.sleep(0.01)
    raise AssertionError("nothing ended")


@pytest.mark.parametrize(
    ("code", "said"), [(0, "done"), (BUSY, "left to another process"), (3, "failed (exit 3)")]
)
def test_what_a_rebuild_came_to_is_its_exit_code_in_words(code, said):
    with Crew(python(f"raise SystemExit({code})")) as crew:
        crew.begin("ferries", "schedule", "2026-11-24T02:00Z")
        (over,) = ended(crew)

    assert (over.name, over.why, over.due, over.code) == (
        "ferries",
        "schedule",
        "2026-11-24T02:00Z",
        code,
    )
    assert said in str(over)


def test_a_rebuild_is_told_what_it_is_for():
    check = "import sys; raise SystemExit(sys.argv[1:] != ['ferries', 'watch', ''])"
    with Crew(python(check)) as crew:
        crew.begin("ferries", "watch")

        assert [over.code for over in ended(crew)] == [0]


def test_one_recipe_never_runs_twice_at_once_and_no_more_than_jobs_together():
    with Crew(python("import time; time.sleep(60)"), jobs=2) as crew:
        assert crew.free("a")
        crew.begin("a", "schedule")
        assert not crew.free("a")
        assert crew.free("b")
        crew.begin("b", "schedule")
        assert not crew.free("c")
        assert crew.working()

        stopped = crew.stop()

    assert {(over.name, over.code) for over in stopped} == {("a", INTERRUPTED), ("b", INTERRUPTED)}
    assert not crew.working()


def test_a_rebuild_that_is_stopped_ends_in_order(capfd):
    code = (
        "import time\nprint(1, flush=True)\n"
        "try:\n time.sleep(60)\nexcept KeyboardInterrupt:\n raise SystemExit(130)"
    )
    crew = Crew(python(code))
    crew.begin("ferries", "schedule")
    while not capfd.readouterr().out:
        time.sleep(0.01)

    (over,) = crew.stop()

    assert over.code == 130
    assert str(over).startswith("ferries: stopped after")


def test_a_rebuild_that_does_not_stop_is_killed_in_the_end(capfd):
    crew = Crew(python(IGNORES))
    crew.begin("ferries", "schedule")
    while not capfd.readouterr().out:
        time.sleep(0.01)

    (over,) = crew.stop(grace=0.05)

    assert over.code == KILL
    assert "killed by signal 9" in str(over)


def test_a_command_that_cannot_be_started_is_a_failed_run():
    crew = Crew(lambda name, why, due: ["/nowhere/python"])

    crew.begin("ferries", "schedule")

    assert [(over.name, over.code) for over in crew.ended()] == [("ferries", 1)]
    assert crew.free("ferries")


def test_a_rebuild_reads_the_settings_of_its_scheduler(tmp_path):
    config = tmp_path / "rag.toml"
    settings = Settings.load(overrides={"home": str(tmp_path / "there")})

    assert environment(settings, config)["RAG_HOME"] == str(tmp_path / "there")
    assert environment(settings, config)["RAG_CONFIG"] == str(config)
    assert rebuild_words("ferries", "schedule", "2026-11-24T02:00Z")[1:] == [
        *("-m", "indexes", "rebuild", "ferries", "--why", "schedule"),
        *("--due", "2026-11-24T02:00Z"),
    ]
    assert rebuild_words("ferries", "watch", "")[-2:] == ["--why", "watch"]
