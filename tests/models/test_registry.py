import hashlib
import json
import sys
import tomllib
import zipfile
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from rag.errors import ModelError, WeightsAltered, WeightsMissing
from rag.models.fetch import Entry, WeightFile, is_hub_id
from rag.models.registry import RECORD, Registry, parse_entries

WEIGHTS = b"weights" * 1000


def entry_of(
    content: dict[str, bytes], name: str = "tiny", wheel: str = "tiny-model==1.0"
) -> Entry:
    files = tuple(
        WeightFile(path, len(data), hashlib.sha256(data).hexdigest())
        for path, data in content.items()
    )
    return Entry(name, "embedder", "MIT", wheel, "tiny_model/data", files)


def wheel_of(folder: Path, content: dict[str, bytes]) -> Path:
    path = folder / "tiny_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(f"tiny_model/data/{name}", data)
        archive.writestr("tiny_model/__init__.py", "raise SystemExit('imported')")
        archive.writestr("tiny_model-1.0.dist-info/METADATA", "Name: tiny-model\nVersion: 1.0\n")
        archive.writestr("tiny_model-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
    return path


@pytest.fixture
def content() -> dict[str, bytes]:
    return {"model.safetensors": WEIGHTS, "sub/config.json": b"{}"}


@pytest.fixture
def registry(tmp_path: Path, content: dict[str, bytes]) -> Registry:
    return Registry(tmp_path / "models", {"tiny": entry_of(content)})


def test_the_shipped_registry_names_the_defaults_with_complete_hashes() -> None:
    registry = Registry.load(Path("unused"))

    assert registry.names() == ["all-MiniLM-L6-v2", "SmolLM2-135M-Instruct", "quotewell-reader"]
    for entry in registry.entries.values():
        assert "==" in entry.wheel or entry.name == "quotewell-reader"
        assert all(len(bytes.fromhex(file.sha256)) == 32 for file in entry.files)


def test_the_shipped_reader_is_whole_and_small_on_any_machine(tmp_path: Path) -> None:
    registry = Registry.load(tmp_path / "nothing")

    folder = registry.verify("quotewell-reader")

    assert registry.fetch("quotewell-reader") == folder
    assert (folder / "model.safetensors").stat().st_size <= 25_000_000


def test_a_shipped_file_that_was_altered_asks_for_the_library_again(tmp_path: Path) -> None:
    shipped = Registry.load(tmp_path)
    entry = replace(shipped.entries["quotewell-reader"], folder=str(tmp_path / "copy"))
    copytree(shipped.verify("quotewell-reader"), tmp_path / "copy")
    (tmp_path / "copy" / "reader.json").write_text("{}")
    registry = Registry(tmp_path, {entry.name: entry})

    with pytest.raises(WeightsAltered, match=r"reader\.json is not .* install the library again"):
        registry.verify(entry.name)
    with pytest.raises(WeightsMissing, match="install the library again"):
        registry.fetch(entry.name)


def test_an_absent_model_says_how_to_fetch_it(registry: Registry) -> None:
    with pytest.raises(WeightsMissing, match="rag models fetch tiny"):
        registry.locate("tiny")


def test_an_unknown_name_lists_the_known_ones(registry: Registry) -> None:
    with pytest.raises(WeightsMissing, match="not one of tiny"):
        registry.locate("tinny")


def test_fetching_from_a_wheel_unpacks_only_the_registered_files(
    registry: Registry, tmp_path: Path, content: dict[str, bytes]
) -> None:
    wheel_of(tmp_path, content | {"extra.py": b"print('no')"})
    said: list[str] = []

    folder = registry.fetch("tiny", said.append, source=tmp_path)

    found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}
    assert found == content
    assert said
    assert "tiny_model" not in sys.modules


def test_fetching_from_a_folder_copies_and_checks(
    registry: Registry, tmp_path: Path, content: dict[str, bytes]
) -> None:
    source = tmp_path / "stick"
    for name, data in content.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(data)

    folder = registry.fetch("tiny", source=source)

    assert registry.verify("tiny") == folder
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS


def test_pip_brings_the_wheel_of_a_local_index(
    registry: Registry, tmp_path: Path, content: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    wheel_of(shelf, content)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")

    folder = registry.fetch("tiny")

    assert (folder / "sub/config.json").read_bytes() == b"{}"
    assert not list(registry.models_folder.glob(".fetch-*"))


def test_a_failing_pip_says_what_to_run_by_hand(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")

    with pytest.raises(WeightsMissing, match=r"pip download --no-deps .* tiny-model==1\.0.*--from"):
        registry.fetch("tiny")


def test_a_source_without_the_files_is_named(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(WeightsMissing, match=r"empty holds neither model\.safetensors"):
        registry.fetch("tiny", source=tmp_path / "empty")
    with pytest.raises(WeightsMissing, match="nowhere"):
        registry.fetch("tiny", source=tmp_path / "nowhere.whl")


@pytest.mark.parametrize(
    "altered",
    [b"weights" * 999, b"weights" * 1001, b"WEIGHTS" * 1000],
    ids="short long other".split(),
)
def test_an_altered_wheel_leaves_nothing_behind(
    registry: Registry, tmp_path: Path, content: dict[str, bytes], altered: bytes
) -> None:
    wheel_of(tmp_path, content | {"model.safetensors": altered})

    with pytest.raises(WeightsAltered, match=r"model\.safetensors"):
        registry.fetch("tiny", source=tmp_path)

    assert [p for p in registry.models_folder.rglob("*") if p.is_file()] == []


def test_a_file_that_is_no_wheel_is_refused(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "tiny_model-1.0-py3-none-any.whl").write_bytes(b"<html>login</html>")

    with pytest.raises(WeightsAltered, match=r"is not the wheel tiny-model==1\.0"):
        registry.fetch("tiny", source=tmp_path)


def test_a_changed_file_is_named_with_both_hashes(
    registry: Registry, tmp_path: Path, content: dict[str, bytes]
) -> None:
    wheel_of(tmp_path, content)
    folder = registry.fetch("tiny", source=tmp_path)
    (folder / "sub/config.json").write_bytes(b"{ }")

    with pytest.raises(WeightsAltered) as caught:
        registry.verify("tiny")

    message = str(caught.value)
    assert "config.json" in message
    assert hashlib.sha256(b"{ }").hexdigest() in message
    assert hashlib.sha256(b"{}").hexdigest() in message
    assert registry.status()[0].state == "altered"


def test_fetching_again_repairs_a_damaged_model(
    registry: Registry, tmp_path: Path, content: dict[str, bytes]
) -> None:
    wheel_of(tmp_path, content)
    folder = registry.fetch("tiny", source=tmp_path)
    (folder / "model.safetensors").write_bytes(b"zeros")

    registry.fetch("tiny", source=tmp_path)

    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert registry.status()[0].state == "ready"


def test_a_model_of_one_file_is_located_as_that_file(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "models", {"one": entry_of({"m.gguf": b"GGUF"}, "one")})
    assert registry.status()[0].state == "missing"
    wheel_of(tmp_path, {"m.gguf": b"GGUF"})

    path = registry.fetch("one", source=tmp_path)

    assert path.name == "m.gguf"


def test_a_path_of_your_own_is_used_as_it_is(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "model.safetensors").write_bytes(b"x")

    assert registry.verify(str(tmp_path / "mine")) == tmp_path / "mine"


def test_pickled_weights_are_refused_unless_safetensors_lie_beside(
    registry: Registry, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "pytorch_model.bin").write_bytes(b"x")

    with pytest.raises(ModelError, match="pickled"):
        registry.verify(str(tmp_path / "mine"))
    (tmp_path / "mine" / "model.safetensors").write_bytes(b"x")
    registry.verify(str(tmp_path / "mine"))


def test_a_hub_model_is_checked_against_the_record_of_its_download(
    registry: Registry,
) -> None:
    folder = registry.models_folder / "owner--name"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(WEIGHTS)
    (folder / "config.json").write_bytes(b"{}")
    rows = {
        name: {"bytes": 0, "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest()}
        for name in ("model.safetensors", "config.json")
    }
    (folder / RECORD).write_text(json.dumps(rows), encoding="utf-8")

    assert registry.verify("owner/name") == folder
    (folder / "config.json").write_bytes(b'{"auto_map": 1}')
    with pytest.raises(WeightsAltered, match=r"config\.json"):
        registry.verify("owner/name")
    (folder / RECORD).write_text("[]", encoding="utf-8")
    with pytest.raises(WeightsAltered, match="cannot be read"):
        registry.verify("owner/name")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("owner/name", True),
        ("owner/name/model-Q4_K_M.gguf", True),
        ("name", False),
        ("../secrets", False),
        ("owner/name/run.py", False),
        ("/etc/passwd", False),
        ("https://host/owner/name", False),
    ],
)
def test_hub_ids_are_told_from_paths(name: str, expected: bool) -> None:
    assert is_hub_id(name) is expected


@pytest.mark.parametrize("text", ["[x", "[x]\nrole = 'embedder'", "x = 1"])
def test_a_broken_registry_is_a_model_error(text: str) -> None:
    with pytest.raises(ModelError, match="not a registry"):
        parse_entries(text)


def test_an_unwritable_home_says_so(tmp_path: Path, content: dict[str, bytes]) -> None:
    (tmp_path / "file").write_bytes(b"")
    registry = Registry(tmp_path / "file" / "models", {"tiny": entry_of(content)})

    with pytest.raises(WeightsMissing, match="set home to another folder"):
        registry.fetch("tiny")


def test_the_registry_file_is_plain_toml() -> None:
    path = Path(__file__).parents[2] / "rag" / "models" / "registry.toml"

    assert set(tomllib.loads(path.read_text(encoding="utf-8"))) == set(
        Registry.load(Path("unused")).names()
    )
