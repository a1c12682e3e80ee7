import http.client
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from rag.errors import GeneratorFailed, ModelError, WeightsMissing
from rag.models.llama import LlamaGenerator
from rag.models.registry import Registry
from rag.settings import Settings
from tests.models.weights import real_weights

NAME = "SmolLM2-135M-Instruct"
ASK = [{"role": "user", "content": "Say hello."}]


@pytest.fixture(scope="module")
def llama() -> LlamaGenerator:
    real_weights(NAME)
    return LlamaGenerator(Registry.load(Settings.load().models), NAME, context_tokens=512)


def test_missing_weights_are_reported_at_first_use_not_before(tmp_path: Path) -> None:
    generator = LlamaGenerator(Registry.load(tmp_path), NAME)

    assert generator.name == NAME
    with pytest.raises(WeightsMissing, match=f"rag models fetch {NAME}"):
        list(generator.stream(ASK, max_tokens=1, deadline=1))


@pytest.mark.parametrize("content", [b"", b"GGUF" + bytes(100), b"<html></html>"])
def test_a_file_that_is_no_gguf_is_a_model_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(content)
    generator = LlamaGenerator(Registry.load(tmp_path), str(path))

    with pytest.raises(ModelError, match="cannot be loaded as a GGUF"):
        list(generator.stream(ASK, max_tokens=1, deadline=1))


def test_a_folder_is_not_a_gguf_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is a folder"):
        LlamaGenerator(Registry.load(tmp_path), str(tmp_path)).count_tokens("a")


@pytest.mark.model
def test_a_prompt_beyond_the_window_is_refused_in_words(llama: LlamaGenerator) -> None:
    long = [{"role": "user", "content": "again and again " * 400}]

    with pytest.raises(GeneratorFailed, match=r"exceeds .*generator\.context_tokens"):
        list(llama.stream(long, max_tokens=5, deadline=60))


@pytest.mark.model
def test_a_malformed_message_is_refused(llama: LlamaGenerator) -> None:
    with pytest.raises(GeneratorFailed, match="content"):
        list(llama.stream([{"role": "user"}], max_tokens=5, deadline=60))


@pytest.mark.model
def test_other_users_of_the_machine_need_the_key(llama: LlamaGenerator) -> None:
    assert llama.count_tokens("hello world") == 2
    address = urlsplit(llama._server().listening_address)

    connection = http.client.HTTPConnection(address.netloc, timeout=5)
    connection.request("POST", "/v1/chat/completions", "{}")

    assert connection.getresponse().status == 401
    connection.close()


@pytest.mark.model
def test_a_common_beginning_is_read_once(llama: LlamaGenerator) -> None:
    rules = {"role": "system", "content": "Answer from the sources alone, and cite them. " * 30}

    def seconds(question: str) -> float:
        start = time.monotonic()
        messages = [rules, {"role": "user", "content": question}]
        "".join(llama.stream(messages, max_tokens=1, deadline=120))
        return time.monotonic() - start

    first, second = seconds("Who wrote it?"), seconds("When was it?")

    assert second < first / 2


@pytest.mark.model
def test_python_can_exit_while_the_model_writes() -> None:
    real_weights(NAME)
    script = (
        "from rag.models.llama import LlamaGenerator; from rag.models.registry import Registry;"
        "from rag.settings import Settings;"
        f"g = LlamaGenerator(Registry.load(Settings.load().models), {NAME!r});"
        "s = g.stream([{'role': 'user', 'content': 'Count to 1000.'}], max_tokens=60, deadline=50);"
        "print(bool(next(s)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip

    assert done.stdout == "True\n"
    assert done.stderr == ""
