"""A small corpus shows what a large one must: only what changed costs anything."""

from tests.faults.scale import little_changed, memory


def test_a_rebuild_embeds_what_changed_and_costs_next_to_nothing_when_nothing_did(fast_folder):
    figures = little_changed(fast_folder / "little", 1_000, stand_in=True)

    assert figures["embedded"] == 10 * 4  # ten documents of four lines
    assert figures["ratio"] > 2
    assert figures["outcome"] == "unchanged"
    assert figures["unchanged_embedded"] == 0
    assert figures["unchanged"] < 2


def test_every_chunk_arrives_and_progress_is_told_all_the_time(fast_folder):
    figures = memory(fast_folder / "memory", 2_000)

    assert figures["chunks"] == figures["embedded"] == 2_000
    assert figures["told"] > 40  # at least once a file
    assert figures["longest_silence"] < 5
