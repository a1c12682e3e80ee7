"""The table of the full tier is written, read back and kept beside the other figures."""

from tests.bench.quality import RUNS, preface_of, read_page
from tests.faults.full import BEGIN, CAMPAIGNS, PAGE, Row, read_rows, write_rows

RACES = Row("races", 2000, 2000, 0, "exactly one won each time", "2026-11-24").line()
DISK = Row("full disk", 52, 300, 1, "49 told", "2026-11-24").line()


def test_rows_are_read_back_in_the_order_of_the_campaigns() -> None:
    page = write_rows("# Benchmarks\n\nAbout.\n\n## sample\n\nrest\n", {"races": RACES})

    page = write_rows(page, read_rows(page) | {"full disk": DISK})

    assert read_rows(page) == {"full disk": DISK, "races": RACES}
    assert page.index(DISK) < page.index(RACES) < page.index("## sample")
    assert page.count(BEGIN) == 1
    assert write_rows(page, read_rows(page)) == page


def test_the_table_stands_where_the_other_figures_are_left_alone() -> None:
    page = PAGE.read_text(encoding="utf-8")

    written = write_rows(page, {"races": RACES})

    assert read_page(written) == read_page(page)
    assert RACES in preface_of(written)


def test_the_page_names_only_campaigns_there_are() -> None:
    rows = read_rows(PAGE.read_text(encoding="utf-8"))

    assert rows.keys() <= CAMPAIGNS.keys()
    assert not rows.keys() & RUNS.keys()
