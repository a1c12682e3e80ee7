"""What every generator promises, over each way to run one."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from rag.errors import GeneratorFailed
from rag.models.causal import TransformersGenerator
from rag.models.llama import LlamaGenerator
from rag.models.openai import OpenAIGenerator
from rag.models.registry import Registry
from rag.protocols import Generator
from rag.settings import Settings
from tests.models.playback import Handler, serving
from tests.models.tiny import make_tiny_writer
from tests.models.weights import real_weights

Make = Callable[[Path, ExitStack], Generator]
MESSAGES = [
    {"role": "system", "content": "You are a careful assistant."},
    {"role": "user", "content": "Count from one to two hundred, in words."},
]


def real_llama(_folder: Path, _stack: ExitStack) -> Generator:
    real_weights("SmolLM2-135M-Instruct")
    return LlamaGenerator(
        Registry.load(Settings.load().models), "SmolLM2-135M-Instruct", context_tokens=512
    )


def tiny_transformers(folder: Path, _stack: ExitStack) -> Generator:
    return TransformersGenerator(str(make_tiny_writer(folder, window=100_000)))


def talking_server(_folder: Path, stack: ExitStack) -> Generator:
    return OpenAIGenerator(stack.enter_context(serving(talk)).url, "talker")


def talk(handler: Handler) -> None:
    """Count up to the number of words asked for, and stop when nobody listens."""
    most = int(handler.server.asked[-1]["max_tokens"])
    handler.head()
    for number in range(most):
        handler.say(f"{number} ")
        time.sleep(0.002)
    handler.say("", "length")


MAKERS = [
    pytest.param(real_llama, id="llama-real", marks=pytest.mark.model),
    pytest.param(tiny_transformers, id="transformers-tiny", marks=pytest.mark.model),
    pytest.param(talking_server, id="openai"),
]


@pytest.fixture(scope="module", params=MAKERS)
def generator(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Generator]:
    make: Make = request.param
    with ExitStack() as stack:
        yield make(tmp_path_factory.mktemp("generator"), stack)


def test_a_reply_comes_in_pieces_and_is_repeated_exactly(generator: Generator) -> None:
    first = list(generator.stream(MESSAGES, max_tokens=12, deadline=120))
    second = list(generator.stream(MESSAGES, max_tokens=12, deadline=120))

    assert len(first) > 1
    assert "".join(first) == "".join(second) != ""


def test_a_reply_is_no_longer_than_allowed(generator: Generator) -> None:
    text = "".join(generator.stream(MESSAGES, max_tokens=5, deadline=120))

    assert generator.count_tokens(text) > 0
    assert len(text.split()) <= 5 + 1


def test_longer_texts_count_more_tokens(generator: Generator) -> None:
    assert generator.count_tokens("") == 0
    assert 2 <= generator.count_tokens("two words") < generator.count_tokens("two words " * 10)
    assert generator.count_tokens("日本語のテキスト") >= 4


def test_a_deadline_is_kept(generator: Generator) -> None:
    "".join(generator.stream(MESSAGES, max_tokens=1, deadline=120))  # loaded
    start = time.monotonic()

    with pytest.raises(GeneratorFailed, match=r"within 0\.05 s"):
        "".join(generator.stream(MESSAGES, max_tokens=400, deadline=0.05))

    assert time.monotonic() - start < 2


def test_to_stop_reading_stops_the_model(generator: Generator) -> None:
    stream = generator.stream(MESSAGES, max_tokens=400, deadline=120)
    read = list(itertools.islice(stream, 3))
    stream.close()  # type: ignore[attr-defined]

    assert read
    ends = time.monotonic() + 10
    while any(t.name == f"writer-{generator.name}" for t in threading.enumerate()):
        assert time.monotonic() < ends, "the model still writes although nobody reads"
        time.sleep(0.02)
    assert "".join(generator.stream(MESSAGES, max_tokens=2, deadline=120))


def test_a_model_has_a_name(generator: Generator) -> None:
    assert generator.name
