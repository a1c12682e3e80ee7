"""Everything that can be set, as one frozen tree.

Later wins: defaults here < the TOML file < `RAG_*` variables < flags and arguments.

    [search]                         RAG_SEARCH_PASSAGES=8          rag ask --passages 8
    passages = 8

An unknown key, a wrong type and a value out of range are errors that name the key, the
value and what is allowed. Only `assemble`, `indexes` and the command lines read settings;
every stage takes plain arguments.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, get_origin, get_type_hints

from platformdirs import user_data_path

from rag.errors import SettingsError

SHIPPED_EMBEDDER = "all-MiniLM-L6-v2"


def setting(
    default: object,
    help_: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:  # noqa: ANN401  (a dataclass field stands for a value of its annotation)
    """Return a dataclass field that knows what it means and what is allowed, both included."""
    return field(
        default=default, metadata={"help": help_, "low": low, "high": high, "choices": choices}
    )


@dataclass(frozen=True, slots=True)
class IngestSettings:
    """What is read, and the limits under which a stranger's file is parsed."""

    include: tuple[str, ...] = setting((), "patterns of files to read; empty reads every format")
    exclude: tuple[str, ...] = setting(
        (".*", "node_modules/", "__pycache__/"), "patterns never read, in .gitignore syntax"
    )
    max_file_mb: int = setting(200, "largest file read, in MB", low=1, high=4096)
    parse_seconds: int = setting(60, "longest a file may take to parse", low=1, high=3600)
    parse_memory_mb: int = setting(2048, "most memory a parser may use", low=256, high=65536)
    unpacked_mb: int = setting(
        512, "largest total size of what an archive unpacks to", low=1, high=65536
    )
    ocr: bool = setting(True, "read scanned pages and images when the ocr extra is installed")


@dataclass(frozen=True, slots=True)
class SplitSettings:
    """How documents are cut."""

    size: int = setting(200, "longest chunk in the embedder's tokens", low=32, high=8192)
    overlap: int = setting(0, "tokens a chunk repeats from the one before", low=0, high=1024)


@dataclass(frozen=True, slots=True)
class EmbedderSettings:
    """Which model turns text into vectors, and how it runs."""

    model: str = setting(
        "",
        "a registry name, a folder or a hub id; empty for the index's own, and for a new index "
        "all-MiniLM-L6-v2",
    )
    runtime: str = setting(
        "auto",
        "auto takes openvino for the default model and torch for any other",
        choices=("auto", "openvino", "torch"),
    )
    threads: int = setting(0, "CPU threads; 0 takes all", low=0, high=1024)

    @property
    def named(self) -> str:
        """Return the model a new build is made with."""
        return self.model or SHIPPED_EMBEDDER


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How candidates become passages."""

    candidates: int = setting(50, "hits taken from each retriever", low=1, high=1000)
    passages: int = setting(6, "passages an answer may draw on", low=1, high=50)
    fusion: str = setting(
        "min_max", "how dense and lexical hits are merged", choices=("min_max", "rrf")
    )
    dense_weight: float = setting(0.5, "share of the dense score in min_max", low=0, high=1)
    look_again: bool = setting(
        True, "search again for each part of a question, and for what it only describes"
    )
    reranker: str = setting("", "a CrossEncoder by folder or hub id; empty for none")


@dataclass(frozen=True, slots=True)
class AnswerSettings:
    """How an answer is made and when none is given."""

    mode: str = setting(
        "extractive",
        "extractive quotes; generative drafts, verifies and repairs",
        choices=("extractive", "generative"),
    )
    relevance_floor: float = setting(
        0.19,
        "least relevance of the best evidence; without a reader, below it there is no answer",
        low=0,
        high=1,
    )
    answerability_floor: float = setting(
        0.5,
        "least chance that there is an answer, as a reader sees it; below it there is none",
        low=0,
        high=1,
    )
    calibrated: bool = setting(
        True, "use what `rag calibrate` found for the index, if it has been run"
    )
    support_floor: float = setting(0.5, "least entailment of a claim by its quotes", low=0, high=1)
    own_words: bool = setting(
        False, "let a claim use words its quotes do not; sensible with a trained verifier only"
    )
    sentence_keep: float = setting(
        0.7, "least relevance of a further sentence, relative to the best", low=0, high=1
    )
    brief: bool = setting(
        True, "answer with the words asked for and quote their sentence, where a reader marks them"
    )
    max_sentences: int = setting(3, "most sentences of an extractive answer", low=1, high=20)


@dataclass(frozen=True, slots=True)
class GeneratorSettings:
    """Which model writes in generative mode."""

    kind: str = setting(
        "llama",
        "llama.cpp in process, any transformers causal model, or an OpenAI-compatible server",
        choices=("llama", "transformers", "openai"),
    )
    model: str = setting("SmolLM2-135M-Instruct", "a registry name, a file, a folder or a hub id")
    url: str = setting("", "base address of the server, such as http://localhost:8000/v1")
    api_key_env: str = setting("", "name of the environment variable that holds the key")
    context_tokens: int = setting(2048, "window of the model", low=256, high=1_000_000)
    evidence_tokens: int = setting(600, "share of the window for passages", low=64, high=1_000_000)
    max_tokens: int = setting(120, "longest draft", low=16, high=8192)
    deadline_s: float = setting(60.0, "longest wait for a whole draft", low=0.1, high=3600)
    retries: int = setting(2, "further tries of a failed request", low=0, high=10)
    threads: int = setting(0, "CPU threads; 0 takes all", low=0, high=1024)


@dataclass(frozen=True, slots=True)
class VerifierSettings:
    """Which model judges whether quotes support a claim; exact checks always run first."""

    model: str = setting(
        "", "an NLI or groundedness model by folder or hub id; empty for the built-in"
    )
    labels: tuple[str, ...] = setting(
        (), "what its outputs mean, in order, when its config.json does not say"
    )
    prompt: str = setting("", "text around {premise} and {claim} that it was trained with")


@dataclass(frozen=True, slots=True)
class RuntimeSettings:
    """Where models that are named by folder or hub id run; the default ones need none of it."""

    device: str = setting("cpu", "a torch device, such as cpu, cuda or mps")
    precision: str = setting(
        "auto",
        "of rerankers, verifiers and readers: auto takes float32 on a CPU and bfloat16 elsewhere",
        choices=("auto", "float32", "bfloat16", "int8"),
    )


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """Which model marks the words that answer, and says whether a passage answers at all."""

    model: str = setting(
        "",
        "an extractive reader by folder or hub id; empty for the built-in, none for no reader",
    )
    threads: int = setting(0, "CPU threads; 0 takes all", low=0, high=1024)


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Where the page is served."""

    host: str = setting("127.0.0.1", "address to listen on")
    port: int = setting(8321, "port to listen on", low=1, high=65535)
    threads: int = setting(4, "questions answered side by side", low=1, high=256)


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole tree. `home` holds the indexes and the models."""

    home: Path = field(default_factory=lambda: user_data_path("quotewell"))
    index: str = "default"
    ingest: IngestSettings = IngestSettings()
    split: SplitSettings = SplitSettings()
    embedder: EmbedderSettings = EmbedderSettings()
    search: SearchSettings = SearchSettings()
    answer: AnswerSettings = AnswerSettings()
    generator: GeneratorSettings = GeneratorSettings()
    verifier: VerifierSettings = VerifierSettings()
    reader: ReaderSettings = ReaderSettings()
    runtime: RuntimeSettings = RuntimeSettings()
    web: WebSettings = WebSettings()

    @property
    def indexes(self) -> Path:
        """Folder with one folder per index."""
        return self.home / "indexes"

    @property
    def models(self) -> Path:
        """Folder with one folder per fetched model."""
        return self.home / "models"

    @classmethod
    def load(
        cls,
        path: Path | None = None,
        *,
        env: Mapping[str, str] | None = None,
        overrides: Mapping[str, object] | None = None,
    ) -> "Settings":
        """Read the settings file, the environment and `overrides`, in that order.

        Args:
            path: A TOML file. Without one, `RAG_CONFIG`, then `./rag.toml` if it exists.
            env: Variables to read; the process environment by default.
            overrides: Dotted keys such as `{"search.passages": 8}`; None values are skipped.

        Raises:
            SettingsError: Naming the key, the value and what is allowed.
        """
        env = os.environ if env is None else env
        values = _from_file(path, env) | _from_env(env)
        values |= {k: v for k, v in (overrides or {}).items() if v is not None}
        return cls().with_values(values)

    def with_values(self, values: Mapping[str, object]) -> "Settings":
        """Return these settings with others for dotted keys such as `{"split.size": 300}`.

        Raises:
            SettingsError: Naming the key, the value and what is allowed.
        """
        settings = self
        for key, value in values.items():
            settings = _with(settings, key, value)
        return settings


def describe() -> list[tuple[str, object, str]]:
    """Return (key, default, help) of every setting, for the documentation."""
    rows: list[tuple[str, object, str]] = []
    for section in _sections():
        for leaf in fields(section.default):  # type: ignore[arg-type]
            help_ = str(leaf.metadata["help"])
            rows.append((f"{section.name}.{leaf.name}", leaf.default, help_))
    return rows


def _sections() -> list[Field[Any]]:
    return [f for f in fields(Settings) if f.name not in {"home", "index"}]


def _known() -> list[str]:
    return ["home", "index", *(key for key, _, _ in describe())]


def _from_file(path: Path | None, env: Mapping[str, str]) -> dict[str, object]:
    named = path or (Path(env["RAG_CONFIG"]) if env.get("RAG_CONFIG") else None)
    path = named or Path("rag.toml")
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if named is None:
            return {}
        raise SettingsError(f"no settings file at {path}; create it or drop the option") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"cannot read the settings file {path}: {error}") from error
    flat: dict[str, object] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            if key not in {section.name for section in _sections()}:
                raise SettingsError(f"unknown section [{key}] in {path}; known: {_known()}")
            flat |= {f"{key}.{leaf}": v for leaf, v in value.items()}
        else:
            flat[key] = value
    return flat


def _from_env(env: Mapping[str, str]) -> dict[str, object]:
    names = {"RAG_" + key.upper().replace(".", "_"): key for key in _known()}
    values: dict[str, object] = {}
    for name, value in env.items():
        if not name.startswith("RAG_") or name == "RAG_CONFIG" or not value:
            continue  # an empty variable is one that is not set
        if name not in names:
            raise SettingsError(
                f"unknown variable {name}; RAG_* variables are {', '.join(sorted(names))}"
            )
        values[names[name]] = value
    return values


def _with(settings: Settings, key: str, value: object) -> Settings:
    if key in {"home", "index"} and not isinstance(value, str | Path):
        raise SettingsError(f"setting {key!r} must be text, got {value!r}")
    if key == "home":
        return replace(settings, home=Path(str(value)).expanduser())
    if key == "index":
        return replace(settings, index=str(value))
    section_name, _, leaf_name = key.partition(".")
    sections = {f.name for f in _sections()}
    section = getattr(settings, section_name) if section_name in sections else None
    leaf = next((f for f in fields(section) if f.name == leaf_name), None) if section else None
    if section is None or leaf is None:
        raise SettingsError(f"unknown setting {key!r}; known are {', '.join(_known())}")
    kind = get_type_hints(type(section))[leaf_name]
    checked = _checked(key, _converted(key, value, kind), leaf)
    return replace(settings, **{section_name: replace(section, **{leaf_name: checked})})


_SWITCH = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def _converted(key: str, value: object, kind: Any) -> object:  # noqa: ANN401
    """Return `value` as `kind`; text comes from variables, so it is parsed."""
    is_list = get_origin(kind) is tuple
    convert = _as_list if is_list else {bool: _as_switch, int: _as_int, float: _as_float}.get(kind)
    try:
        return convert(value) if convert else _as_text(value)
    except (TypeError, ValueError, KeyError):
        name = "a list of texts" if is_list else kind.__name__
        raise SettingsError(f"setting {key!r} must be {name}, got {value!r}") from None


def _as_text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _as_list(value: object) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list | tuple):
        raise TypeError
    return tuple(text for item in items if (text := _as_text(item).strip()))


def _as_switch(value: object) -> bool:
    return value if isinstance(value, bool) else _SWITCH[_as_text(value).lower()]


def _as_int(value: object) -> int:
    if isinstance(value, bool | float):
        raise TypeError
    return int(str(value))


def _as_float(value: object) -> float:
    if isinstance(value, bool):
        raise TypeError
    return float(str(value))


def _checked(key: str, value: object, leaf: "Field[Any]") -> object:
    low, high, choices = (leaf.metadata[name] for name in ("low", "high", "choices"))
    if choices and value not in choices:
        raise SettingsError(f"setting {key!r} must be one of {', '.join(choices)}, got {value!r}")
    if low is not None and not low <= float(str(value)) <= high:
        raise SettingsError(f"setting {key!r} must be in [{low}, {high}], got {value!r}")
    return value
