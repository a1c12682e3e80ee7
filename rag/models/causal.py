"""Any transformers causal language model, on CPU or GPU."""

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rag.errors import GeneratorFailed, ModelError
from rag.models.folder import local_folder
from rag.models.handover import Put, hand_over
from rag.protocols import Message


class TransformersGenerator:
    """Writes greedily with a causal model, one request after another.

    The weights load at the first use. Only safetensors are read and no code of the model's is
    run. Safe to share between threads.
    """

    def __init__(self, model: str, *, device: str = "cpu", precision: str = "auto") -> None:
        """Remember what to load.

        Args:
            model: A folder with safetensors weights, or a hub id the machine already has.
            device: A torch device, such as `cpu` or `cuda`.
            precision: `auto` for the weights' own, or a torch type such as `bfloat16`.
        """
        self.name = Path(model).name
        self._where, self._device, self._precision = model, device, precision
        self._loading, self._writing = threading.Lock(), threading.Lock()
        self._loaded: tuple[Any, Any] | None = None

    def count_tokens(self, text: str) -> int:
        """Return the length of `text` in tokens, exactly, without special tokens.

        Raises:
            WeightsMissing: If the model is not on this machine.
        """
        tokenizer, _ = self._parts()
        return len(tokenizer(text, add_special_tokens=False).input_ids)

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int, deadline: float
    ) -> Iterator[str]:
        """Yield text as it is written; to stop reading stops the model.

        Args:
            messages: `{"role": "system" | "user" | "assistant", "content": text}`, in order.
                A model without a chat template reads them as plain paragraphs.
            max_tokens: Longest reply in tokens.
            deadline: Seconds from now within which the whole reply must have come.

        Raises:
            WeightsMissing: If the model is not on this machine.
            GeneratorFailed: If the prompt does not fit the window, or time runs out.
        """
        start = time.monotonic()
        tokenizer, model = self._parts()
        prompt = self._prompt(tokenizer, messages)
        self._check_window(model, prompt["input_ids"].shape[1] + max_tokens)

        def write(put: Put) -> None:
            with self._writing:
                _generate(tokenizer, model, prompt, max_tokens, put)

        yield from hand_over(self.name, write, deadline=deadline, since=start)

    def _parts(self) -> tuple[Any, Any]:
        with self._loading:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> tuple[Any, Any]:
        from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: PLC0415  (slow)

        folder = local_folder(self._where)
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
            model: Any = AutoModelForCausalLM.from_pretrained(
                folder, dtype=self._precision, trust_remote_code=False, use_safetensors=True
            )
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(f"{folder} cannot be opened as a causal model: {error}") from error
        model.to(self._device)
        return tokenizer, model.eval()

    def _prompt(self, tokenizer: Any, messages: Sequence[Message]) -> Any:  # noqa: ANN401
        try:
            if tokenizer.chat_template:
                text = tokenizer.apply_chat_template(
                    list(messages), tokenize=False, add_generation_prompt=True
                )
            else:
                text = "\n\n".join(message["content"] for message in messages) + "\n\n"
        except (KeyError, ValueError, _template_error()) as error:
            raise GeneratorFailed(f"{self.name} refused the messages: {error!r}") from error
        templated = bool(tokenizer.chat_template)
        encoded = tokenizer(text, return_tensors="pt", add_special_tokens=not templated)
        return encoded.to(self._device)

    def _check_window(self, model: Any, tokens: int) -> None:  # noqa: ANN401
        window = getattr(model.config, "max_position_embeddings", None)
        if window is not None and tokens > window:
            raise GeneratorFailed(
                f"{self.name} reads {window} tokens and prompt and reply need {tokens}; lower"
                " generator.evidence_tokens or generator.max_tokens"
            )


def _template_error() -> type[Exception]:
    from jinja2.exceptions import TemplateError  # noqa: PLC0415  (comes with transformers)

    return TemplateError


def _generate(tokenizer: Any, model: Any, prompt: Any, max_tokens: int, put: Put) -> None:  # noqa: ANN401
    import torch  # noqa: PLC0415
    from transformers import StoppingCriteria, StoppingCriteriaList  # noqa: PLC0415
    from transformers.generation.streamers import TextStreamer  # noqa: PLC0415

    gone_on = True

    class Pieces(TextStreamer):
        """Hands decoded text on as soon as it cannot change any more."""

        def on_finalized_text(self, text: str, stream_end: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002, RUF100
            nonlocal gone_on
            gone_on = put(text) and gone_on

    class Unread(StoppingCriteria):
        """Stops the model when nobody reads any more or time is over."""

        def __call__(self, input_ids: Any, _scores: Any, **_: Any) -> Any:  # noqa: ANN401
            stop = not (gone_on and put(""))
            return torch.full((input_ids.shape[0],), stop, device=input_ids.device)

    model.generate(
        **prompt,
        max_new_tokens=max_tokens,
        do_sample=False,
        streamer=Pieces(tokenizer, skip_prompt=True, skip_special_tokens=True),
        stopping_criteria=StoppingCriteriaList([Unread()]),
        pad_token_id=tokenizer.pad_token_id or tokenizer.eos_token_id,
    )
