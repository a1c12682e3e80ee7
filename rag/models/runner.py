"""Run an OpenVINO model on many inputs at once, and hand the outputs back in order."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import WeightsMissing

Array = npt.NDArray[Any]


class Runner:
    """A compiled model; safe to share between threads.

    Uses bfloat16 where the processor computes in it, float32 elsewhere.
    """

    def __init__(self, model: Any, threads: int = 0) -> None:  # noqa: ANN401  (untyped library)
        """Compile `model`, an `openvino.Model`, for the CPU; 0 takes all threads."""
        core = _core()
        bf16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        options: dict[str, object] = {
            "INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32",
            "PERFORMANCE_HINT": "THROUGHPUT",
        }
        if threads:
            options["INFERENCE_NUM_THREADS"] = threads
        self._compiled = core.compile_model(model, "CPU", options)
        self._jobs = int(self._compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
        self._outputs = len(self._compiled.outputs)

    def run(self, inputs: Iterable[Sequence[Array]]) -> Iterator[list[Array]]:
        """Yield the outputs for each of `inputs`, in order, several being computed at once."""
        # Requests are awaited here rather than reporting to a callback: a callback runs in a
        # thread of OpenVINO's, and one that is still there when Python exits hangs the process.
        idle: list[Any] = []
        running: deque[Any] = deque()
        for arrays in inputs:
            if len(running) == self._jobs:
                request = running.popleft()
                yield self._finished(request)
                idle.append(request)
            request = idle.pop() if idle else self._compiled.create_infer_request()
            request.start_async(list(arrays))
            running.append(request)
        while running:
            yield self._finished(running.popleft())

    def _finished(self, request: Any) -> list[Array]:  # noqa: ANN401
        request.wait()
        return [np.array(request.get_output_tensor(row).data) for row in range(self._outputs)]


def by_length(rows: Sequence[Sequence[int]], size: int) -> list[list[int]]:
    """Return the numbers of `rows` in batches of like length, the longest first.

    Longest first, so that no thread ends alone.
    """
    order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
    return [order[start : start + size] for start in range(0, len(order), size)][::-1]


def padded(rows: Sequence[Sequence[int]], fill: int = 0) -> npt.NDArray[np.int64]:
    """Return `rows` as one array of shape (n, longest)."""
    filled = np.full((len(rows), max(map(len, rows))), fill, np.int64)
    for number, row in enumerate(rows):
        filled[number, : len(row)] = row
    return filled


def read_tokenizer(folder: Path) -> Any:  # noqa: ANN401  (untyped library)
    """Return the `tokenizers.Tokenizer` of a model, neither cutting nor padding.

    Raises:
        WeightsMissing: If the folder has none.
    """
    from tokenizers import Tokenizer  # noqa: PLC0415

    path = folder / "tokenizer.json"
    if not path.is_file():
        raise WeightsMissing(f"{path} is missing; fetch the model again")
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


@cache
def _core() -> Any:  # noqa: ANN401  (untyped library)
    """Return the one core of this process, which is never let go.

    Its plugin gives the thread that loads it a stack for signals and frees that with itself,
    so that the next Ctrl-C would end the process by a segmentation fault.
    """
    import openvino as ov  # noqa: PLC0415  (not needed to import this module)

    return ov.Core()
