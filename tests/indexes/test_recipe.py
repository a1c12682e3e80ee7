"""A recipe says how an index is made, or exactly what is wrong with it."""

from pathlib import Path

import pytest

from indexes.keys import REQUIRED
from indexes.recipe import (
    Gate,
    Recipe,
    Retention,
    Schedule,
    Smoke,
    all_recipes,
    describe_recipe,
    find_recipe,
    read_recipe,
)
from indexes.sources import Feed, Folder, Git, Remote, Sitemap, Web
from rag import Rag
from rag.errors import RecipeError
from rag.settings import Settings

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "indexes" / "recipes" / "README.md").read_text(encoding="utf-8")
FOLDER = '[[source]]\nkind = "folder"\nname = "docs"\npaths = ["docs"]\n'
EVERY_TABLE = f"""guard = 0.1
{FOLDER}
[[source]]
kind = "web"
name = "pages"
pages = ["https://example.org/a"]
delay_s = 2
[[source]]
kind = "sitemap"
name = "site"
sitemaps = ["https://example.org/sitemap.xml"]
hosts = ["docs.example.org"]
[[source]]
kind = "feed"
name = "news"
feeds = ["https://example.org/feed"]
keep = false
[[source]]
kind = "git"
name = "wiki"
path = "../wiki"
ref = "main"
[[source]]
kind = "remote"
name = "shelf"
url = "s3://shelf/docs"
secret_env = "SHELF_SECRET"
[ingest]
max_file_mb = 10
[split]
size = 100
[embedder]
model = "mine"
[schedule]
cron = "*/5 8-18 * * 1-5"
zone = "Europe/Berlin"
watch = true
debounce_s = 5
[retention]
builds = 7
days = 400
[gate]
margin = 0
feedback = false
calibration = false
[[gate.smoke]]
question = "When?"
expect = "noon"
[[gate.smoke]]
question = "Who?"
abstains = true
"""


@pytest.fixture
def write(tmp_path):
    def written(text, name="demo.toml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return written


def test_the_smallest_recipe_is_one_source(write, tmp_path):
    recipe = read_recipe(write(FOLDER))

    assert recipe == Recipe(
        "demo", tmp_path / "demo.toml", (Folder(name="docs", paths=(tmp_path / "docs",)),)
    )
    assert recipe.schedule is None
    assert (recipe.retention.builds, recipe.retention.days) == (3, None)
    assert (recipe.gate.margin, recipe.gate.feedback, recipe.gate.calibration) == (0.02, True, True)
    assert recipe.guard == 0.5


@pytest.fixture
def every_table(write):
    return read_recipe(write(EVERY_TABLE))


def test_every_kind_of_source_is_read(every_table, tmp_path):
    assert every_table.sources == (
        Folder(name="docs", paths=(tmp_path / "docs",)),
        Web(name="pages", pages=("https://example.org/a",), delay_s=2.0),
        Sitemap(
            name="site",
            sitemaps=("https://example.org/sitemap.xml",),
            hosts=("docs.example.org",),
        ),
        Feed(name="news", feeds=("https://example.org/feed",), keep=False),
        Git(name="wiki", path=tmp_path.parent / "wiki", ref="main"),
        Remote(name="shelf", url="s3://shelf/docs", secret_env="SHELF_SECRET"),
    )


def test_the_tables_of_settings_are_read(every_table):
    assert every_table.settings == {
        "ingest.max_file_mb": 10,
        "split.size": 100,
        "embedder.model": "mine",
    }


def test_the_table_of_the_schedule_is_read(every_table):
    assert every_table.schedule == Schedule(
        cron="*/5 8-18 * * 1-5", zone="Europe/Berlin", watch=True, debounce_s=5.0
    )


def test_the_tables_of_retention_and_guard_are_read(every_table):
    assert every_table.retention == Retention(builds=7, days=400)
    assert every_table.guard == 0.1


def test_the_tables_of_the_gate_are_read(every_table):
    assert every_table.gate == Gate(
        margin=0.0,
        feedback=False,
        calibration=False,
        smoke=(Smoke(question="When?", expect="noon"), Smoke(question="Who?", abstains=True)),
    )


def test_its_settings_are_overrides_that_the_settings_take(write):
    recipe = read_recipe(write(FOLDER + '[split]\nsize = 64\n[ingest]\ninclude = ["*.md"]\n'))

    settings = Settings.load(env={}, overrides=recipe.settings)

    assert (settings.split.size, settings.ingest.include) == (64, ("*.md",))


def test_patterns_of_ingest_are_those_of_sources_without_their_own(write):
    text = (
        FOLDER
        + 'include = ["*.pdf"]\n[[source]]\nkind = "git"\nname = "wiki"\npath = "w"\n'
        + '[ingest]\ninclude = ["*.md"]\nexclude = ["old/"]\n'
    )

    docs, wiki = read_recipe(write(text)).sources

    assert (docs.include, docs.exclude) == (("*.pdf",), ("old/",))
    assert (wiki.include, wiki.exclude) == (("*.md",), ("old/",))


BAD = {
    "a typing error": ("[[source", "cannot read the recipe"),
    "no source": ("guard = 0.5\n", "there is no [[source]]"),
    "an unknown key": ("gaurd = 1\n" + FOLDER, "unknown key 'gaurd'; known are embedder, gate,"),
    "a share above one": ("guard = 1.5\n" + FOLDER, "key 'guard' must be in [0, 1], got 1.5"),
    "no number": ("guard = nan\n" + FOLDER, "key 'guard' must be in [0, 1], got nan"),
    "a switch for a number": ("guard = true\n" + FOLDER, "key 'guard' must be a number, got True"),
    "a source that is no list": ('source = "docs"\n', "key 'source' must be a list of tables"),
    "a gate that is no table": ("gate = 3\n" + FOLDER, "key 'gate' must be a table"),
    "an unknown kind": (
        FOLDER.replace('"folder"', '"ftp"'),
        "[[source]] 1: key 'kind' must be one of folder, web, sitemap, feed, git, remote",
    ),
    "no kind": ('[[source]]\nname = "a"\n', "key 'kind' must be one of"),
    "a kind that is none": ("[[source]]\nkind = []\n", "key 'kind' must be one of"),
    "no name": ('[[source]]\nkind = "folder"\npaths = ["a"]\n', "key 'name' is missing"),
    "a name that is a path": (
        FOLDER.replace('"docs"', '"../docs"', 1),
        "key 'name' must be 1 to 100 letters",
    ),
    "one name twice": (FOLDER + FOLDER.replace('"docs"', '"DOCS"', 1), "[[source]] 2: key 'name'"),
    "a key of another kind": (
        FOLDER + 'pages = ["x"]\n',
        "[[source]] 1: unknown key 'pages'; known are exclude, include, name, paths",
    ),
    "text for a list": (
        FOLDER.replace('["docs"]', '"docs"'),
        "key 'paths' must be a list of paths, got 'docs'",
    ),
    "a number in a list": (FOLDER.replace('"docs"]', "3]"), "key 'paths' must be a list of paths"),
    "an empty list": (FOLDER.replace('"docs"]', "]"), "key 'paths' must be a list of at least one"),
    "a byte no path holds": (
        FOLDER.replace('"docs"]', '"a\\u0000b"]'),
        "key 'paths' must be a list",
    ),
    "an unset variable": (FOLDER.replace('"docs"]', '"$NO_SUCH/x"]'), "the variable $NO_SUCH"),
    "no such user": (FOLDER.replace('"docs"]', '"~no-such-user/x"]'), "no home folder is known"),
    "an address that is none": (
        '[[source]]\nkind = "web"\nname = "w"\npages = ["file:///etc/passwd"]\n',
        "key 'pages' must be a list of http or https addresses",
    ),
    "a password in an address": (
        '[[source]]\nkind = "feed"\nname = "w"\nfeeds = ["https://u:p@example.org/"]\n',
        "the address holds a user name or password",
    ),
    "a host that is none": (
        '[[source]]\nkind = "web"\nname = "w"\npages = ["http://a/"]\nhosts = ["a/b"]\n',
        "key 'hosts' must be a list of host names",
    ),
    "a delay below zero": (
        '[[source]]\nkind = "web"\nname = "w"\npages = ["http://a/"]\ndelay_s = -1\n',
        "key 'delay_s' must be in [0, 3600], got -1.0",
    ),
    "a line end in a header": (
        '[[source]]\nkind = "web"\nname = "w"\npages = ["http://a/"]\ncontact = "a\\r\\nHost: b"\n',
        "key 'contact' must be plain ASCII text",
    ),
    "an unknown setting": (FOLDER + "[split]\nsze = 3\n", "unknown setting 'split.sze'"),
    "a setting out of range": (
        FOLDER + "[split]\nsize = 3\n",
        "setting 'split.size' must be in [32, 8192], got 3",
    ),
    "a section that is not a recipe's": (FOLDER + "[web]\nport = 1\n", "unknown key 'web'"),
    "a cron of six fields": (
        FOLDER + '[schedule]\ncron = "0 0 6 * * *"\n',
        "[schedule]: key 'cron' must be 5 fields as in crontab",
    ),
    "a cron out of range": (FOLDER + '[schedule]\ncron = "61 6 * * *"\n', "Bad minute"),
    "a cron that never comes": (FOLDER + '[schedule]\ncron = "0 0 30 2 *"\n', "key 'cron' must be"),
    "neither cron nor watch": (FOLDER + "[schedule]\n", "key 'cron' must be an expression, or"),
    "a zone that is none": (
        FOLDER + '[schedule]\ncron = "0 6 * * *"\nzone = "Berlin"\n',
        "key 'zone' must be an IANA time zone such as Europe/Berlin, got 'Berlin'",
    ),
    "a zone that is a path": (
        FOLDER + '[schedule]\ncron = "0 6 * * *"\nzone = "../../etc/passwd"\n',
        "key 'zone' must be an IANA time zone",
    ),
    "no builds": (
        FOLDER + "[retention]\nbuilds = 0\n",
        "[retention]: key 'builds' must be in [1, 1000], got 0",
    ),
    "half a day": (FOLDER + "[retention]\ndays = 0.5\n", "key 'days' must be a whole number"),
    "no question": (FOLDER + "[[gate.smoke]]\n", "[[gate.smoke]] 1: key 'question' is missing"),
    "an empty question": (
        FOLDER + '[[gate.smoke]]\nquestion = " "\n',
        "[[gate.smoke]] 1: key 'question' must be a question, got ' '",
    ),
    "two right answers": (
        FOLDER + '[[gate.smoke]]\nquestion = "a"\nexpect = "b"\nabstains = true\n',
        "key 'expect' must be left out when abstains = true, got 'b'",
    ),
}


@pytest.mark.parametrize(("text", "says"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_named_with_its_file_key_and_what_is_allowed(write, text, says):
    path = write(text)

    with pytest.raises(RecipeError) as caught:
        read_recipe(path)

    assert str(path) in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize("name", [".toml", "a b.toml", "ä.toml", "x" * 101 + ".toml"])
def test_a_file_name_that_is_no_index_name_is_refused(write, name):
    with pytest.raises(RecipeError, match="the file's name is the index's name"):
        read_recipe(write(FOLDER, name))


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "demo.toml"
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(RecipeError, match="cannot read the recipe"):
        read_recipe(path)


def test_paths_are_those_beside_the_recipe_with_home_and_variables(write, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/anna")
    monkeypatch.setenv("SHELF", "/mnt/shelf")
    monkeypatch.chdir("/")
    paths = '["a/*.md", "../b", "~/c", "$SHELF/d", "${SHELF}/e", "/f"]'

    (source,) = read_recipe(write(FOLDER.replace('["docs"]', paths))).sources

    here = tmp_path
    assert [str(path) for path in source.paths] == [
        f"{here}/a/*.md",
        f"{here.parent}/b",
        "/home/anna/c",
        "/mnt/shelf/d",
        "/mnt/shelf/e",
        "/f",
    ]


def test_only_paths_are_filled_in(write, monkeypatch):
    monkeypatch.setenv("HOME", "/home/anna")
    text = FOLDER + '[[gate.smoke]]\nquestion = "What is $HOME?"\nexpect = "~"\n'

    (smoke,) = read_recipe(write(text)).gate.smoke

    assert smoke == Smoke(question="What is $HOME?", expect="~")


def test_your_own_recipe_comes_before_the_packages(tmp_path):
    settings = Settings(home=tmp_path)
    shelf = tmp_path / "recipes"
    shelf.mkdir()
    packaged = find_recipe("sample", settings)
    (shelf / "sample.toml").write_text(FOLDER)
    (shelf / "broken.toml").write_text("[[source")

    found = all_recipes(settings)

    assert packaged.path == ROOT / "indexes" / "recipes" / "sample.toml"
    assert find_recipe("sample", settings).path == shelf / "sample.toml"
    broken, sample = found
    assert isinstance(broken, RecipeError)
    assert isinstance(sample, Recipe)
    assert sample.path == shelf / "sample.toml"


def test_a_recipe_is_found_by_its_path(write, tmp_path):
    path = write(FOLDER)

    assert find_recipe(str(path), Settings(home=tmp_path)) == read_recipe(path)


@pytest.mark.parametrize("name", ["no-such", "../sample", "", "no/such.toml"])
def test_a_recipe_that_is_not_there_is_named_and_says_where_it_would_be(tmp_path, name):
    with pytest.raises(RecipeError, match=r"no recipe") as caught:
        find_recipe(name, Settings(home=tmp_path))

    assert name in str(caught.value)
    assert "known are sample" in str(caught.value) or name.endswith(".toml")


def test_the_samples_recipe_reads_every_document_of_the_sample(tmp_path):
    recipe = find_recipe("sample", Settings(home=tmp_path))

    (source,) = recipe.sources
    content = source.gather(tmp_path / "mirror")
    corpus = ROOT / "indexes" / "sample" / "corpus"

    files = {path for path in corpus.rglob("*") if path.is_file()}
    assert {item.path for item in content.items} == files
    assert content.root == corpus
    assert {smoke.abstains for smoke in recipe.gate.smoke} == {True, False}


@pytest.mark.model
def test_the_sample_answers_the_smoke_questions_of_its_recipe(tmp_path):
    (tmp_path / "models").symlink_to(Settings.load().models)
    recipe = find_recipe("sample", Settings(home=tmp_path))
    settings = Settings.load(overrides={**recipe.settings, "home": str(tmp_path)})
    Rag.ingest(list(recipe.sources[0].paths), "smoke", settings=settings)

    with Rag.open("smoke", settings=settings) as rag:
        for smoke in recipe.gate.smoke:
            answer = rag.ask(smoke.question)

            assert (answer.outcome == "abstained") == smoke.abstains, smoke
            assert smoke.expect in answer.text


def shown(default):
    if default is REQUIRED:
        return "required"
    if default in ("", None, ()):
        return ""
    value = str(default).lower() if isinstance(default, bool) else default
    return f"`{list(value) if isinstance(value, tuple) else value}`".replace("'", '"')


@pytest.mark.parametrize("key", [key for key, _, _ in describe_recipe()])
def test_every_key_is_in_the_guide_with_its_default(key):
    default, help_ = {k: (d, h) for k, d, h in describe_recipe()}[key]
    table, _, name = key.rpartition(".")
    heading = f"### `{table}`\n" if table else "### At the top\n"
    section = GUIDE.split(heading, 1)[1].split("\n### ", 1)[0]

    assert f"| `{name}` | {shown(default)} | {help_} |" in section


def test_the_guides_example_is_a_recipe(write):
    example = GUIDE.split("```toml\n", 1)[1].split("```", 1)[0]

    recipe = read_recipe(write(example))

    assert len(recipe.sources) == 6
    assert recipe.schedule is not None
    assert recipe.gate.smoke
