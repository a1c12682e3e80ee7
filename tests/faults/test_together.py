"""Whoever asks while builds are published gets an answer of one build, and soon."""

from tests.faults.together import Load, ask_while_rebuilding, p95


def test_asking_while_builds_are_published_meets_no_error_and_no_mixture(forge, fast_folder, seed):
    load = Load(clients=32, publishes=12, idle_s=16, busy_s=44)

    seen = ask_while_rebuilding(forge, fast_folder / "together", load, seed)

    assert seen.errors == []
    assert seen.mixed == []
    assert len({asked.build for asked in seen.busy}) > 8  # the server followed
    assert sum(asked.answered for asked in seen.busy) > 500
    print(f"p95 {p95(seen.idle):.4f} s idle, {p95(seen.busy):.4f} s while publishing")
    assert seen.ratio() <= 2
