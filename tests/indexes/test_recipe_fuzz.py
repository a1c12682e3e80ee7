"""Whatever a recipe, an address or a robots.txt holds, it is read or refused in words."""

import tomllib
from pathlib import Path

import httpx
from hypothesis import given
from hypothesis import strategies as st

from indexes.recipe import describe_recipe, read_recipe
from indexes.sources import KINDS
from indexes.sources.address import NotAllowed, host_of, parse_address
from indexes.sources.media import charset_of, suffix_for
from indexes.sources.robots import Robots
from rag.errors import RecipeError

TABLES = ("source", "schedule", "retention", "gate", "ingest", "split", "embedder", "guard")
NAMES = sorted({"kind", "smoke", *(key.rpartition(".")[2] for key, _, _ in describe_recipe())})
text = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
plain = st.one_of(
    text,
    st.sampled_from([*KINDS, "docs", "https://example.org/", "s3://a/b", "0 6 * * *", "UTC"]),
    st.booleans(),
    st.integers(-10, 10**6),
    st.floats(),
)
value = st.one_of(plain, st.lists(plain, max_size=3))
table = st.dictionaries(st.sampled_from(NAMES), value, max_size=5)
tree = st.dictionaries(
    st.sampled_from(TABLES), st.one_of(value, table, st.lists(table, max_size=2)), max_size=4
)


def written(value):
    """Return a value as TOML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{k}" = {written(v)}' for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        escaped = "".join(f"\\U{ord(letter):08x}" for letter in value)
        return f'"{escaped}"'
    return repr(value)


def recipe_or_words(path):
    """Return whether a recipe with a source was read, or the error names the file."""
    try:
        return bool(read_recipe(path).sources)
    except RecipeError as error:
        return str(path) in str(error)


@given(tree)
def test_any_recipe_is_read_or_refused_with_its_file(tmp_path_factory, tree):
    path = Path(tmp_path_factory.mktemp("recipes")) / "demo.toml"
    toml = "\n".join(f"{key} = {written(value)}" for key, value in tree.items())
    path.write_text(toml, encoding="utf-8")
    assert set(tomllib.loads(toml)) == set(tree)

    assert recipe_or_words(path)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_recipe_or_refused(tmp_path_factory, data):
    path = Path(tmp_path_factory.mktemp("recipes")) / "demo.toml"
    path.write_bytes(data)

    assert recipe_or_words(path)


@given(st.one_of(st.text(max_size=40), st.text("htp:/@[]%#?.0x1\\ é\t", max_size=30)))
def test_any_text_is_an_address_or_refused_and_reads_the_same_again(text):
    for whole in (text, f"http://{text}"):
        try:
            url = parse_address(whole)
        except NotAllowed:
            continue
        assert host_of(url)
        assert parse_address(str(url)) == url


@given(st.binary(max_size=300), st.text("/*$ab?", max_size=20))
def test_any_robots_txt_answers(rules, path):
    robots = Robots.read(b"User-agent: *\n" + rules)

    assert robots.allow(httpx.URL("http://example.org/a" + path)) in (True, False)
    assert robots.delay_s >= 0


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_type_and_path_have_a_plain_suffix_or_none(media, path):
    headers = httpx.Headers([(b"content-type", media.encode("utf-8", "replace"))])

    suffix = suffix_for(headers, path)

    assert suffix is None or suffix == "" or suffix[1:].isalnum()
    assert charset_of(headers, ".html") != "utf-8"
