"""Any GGUF model, run in this process by llama.cpp.

The library brings llama.cpp's own server, which keeps the evaluated prompt: a request that
begins like the one before it pays only for what differs, so constant text belongs first. The
server also listens on a loopback port; a random key keeps other users of the machine out.
"""

import http.client
import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from rag.errors import GeneratorFailed, ModelError
from rag.models.handover import Put, hand_over
from rag.models.registry import Registry
from rag.protocols import Message

_SEED = 1
_PROMPT_BATCH = 128  # tokens read between two looks at the deadline
_PATIENCE_S = 30.0


class LlamaGenerator:
    """Writes with a GGUF model: greedy, seeded, one request after another.

    The weights are checked and loaded at the first use, which takes about half a second for
    the default model. Safe to share between threads.
    """

    def __init__(
        self, registry: Registry, model: str, *, context_tokens: int = 2048, threads: int = 0
    ) -> None:
        """Remember what to load.

        Args:
            registry: Knows where `model` lies.
            model: A registered name, a path to a GGUF file, or a fetched `owner/name/file.gguf`.
            context_tokens: Window for prompt and reply together, in tokens.
            threads: CPU threads; 0 takes all.
        """
        self.name = model.rsplit("/", 1)[-1].removesuffix(".gguf")
        self._registry, self._model = registry, model
        self._context_tokens, self._threads = context_tokens, threads
        self._key = secrets.token_urlsafe(32)
        self._loading = threading.Lock()
        self._loaded: Any = None

    def count_tokens(self, text: str) -> int:
        """Return the length of `text` in tokens, exactly.

        Raises:
            WeightsMissing: If the model is not on this machine.
        """
        address = urlsplit(self._server().listening_address)
        connection = http.client.HTTPConnection(address.netloc, timeout=_PATIENCE_S)
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        try:
            connection.request("POST", "/tokenize", json.dumps({"content": text}), headers)
            return len(json.load(connection.getresponse())["tokens"])
        except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
            raise GeneratorFailed(f"{self.name} could not count tokens: {error!r}") from error
        finally:
            connection.close()

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int, deadline: float
    ) -> Iterator[str]:
        """Yield text as it is written; to stop reading stops the model.

        Args:
            messages: `{"role": "system" | "user" | "assistant", "content": text}`, in order.
            max_tokens: Longest reply in tokens.
            deadline: Seconds from now within which the whole reply must have come.

        Raises:
            WeightsMissing: If the model is not on this machine.
            GeneratorFailed: If the prompt does not fit the window, or time runs out.
        """
        start = time.monotonic()
        request = {
            "messages": list(messages),
            "max_tokens": max_tokens,
            "temperature": 0,
            "seed": _SEED,
            "stream": True,
            "return_progress": True,  # an event for every part of the prompt that has been read
        }
        server = self._server()

        def write(put: Put) -> None:
            failures: list[GeneratorFailed] = []  # the binding swallows what a callback raises

            def take(event: Mapping[str, Any]) -> bool:
                """Hand the text of `event` on; return whether the model should stop."""
                if "error" in event:
                    failures.append(_refusal(self.name, event))
                    return True
                return not put(_text(event))

            try:
                server.handle_chat_completions(request, take)
            except (ValueError, RuntimeError, TypeError) as error:
                raise GeneratorFailed(f"{self.name} failed: {error}") from error
            if failures:
                raise failures[0]

        yield from hand_over(self.name, write, deadline=deadline, since=start)

    def _server(self) -> Any:  # noqa: ANN401  (untyped library)
        with self._loading:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> Any:  # noqa: ANN401  (untyped library)
        import xllamacpp  # noqa: PLC0415  (not needed until something is written)

        path = self._registry.verify(self._model)
        if not path.is_file():
            raise ModelError(f"{path} is a folder; give the path of one GGUF file in it")
        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        params.n_ctx, params.n_parallel = self._context_tokens, 1
        params.n_batch, params.fit_params = _PROMPT_BATCH, False
        params.verbosity, params.ui, params.api_keys = -1, False, [self._key]
        params.endpoint_props = params.endpoint_slots = False
        if self._threads:
            params.cpuparams.n_threads = params.cpuparams_batch.n_threads = self._threads
        try:
            return xllamacpp.Server(params)
        except RuntimeError as error:
            raise ModelError(
                f"{path} cannot be loaded as a GGUF model, or there is too little memory; fetch it"
                " again or lower generator.context_tokens"
            ) from error


def _refusal(name: str, event: Mapping[str, Any]) -> GeneratorFailed:
    said = event["error"].get("message")
    return GeneratorFailed(f"{name} refused the prompt: {said} (generator.context_tokens)")


def _text(event: Mapping[str, Any]) -> str:
    choices = event.get("choices") or [{}]
    return str(choices[0].get("delta", {}).get("content") or "")
