"""What precision costs and saves on a CPU: `python -m tests.bench.precision [FOLDER]`.

Runs the encoder in FOLDER (by default all-MiniLM-L6-v2, fetched before), and one of the shape of
BERT-base with random weights, for its speed alone. Processor time, so that other programs count
less; the best of three.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import transformers

from rag.models.network import Network
from rag.models.registry import Registry
from rag.protocols import Floats
from rag.settings import Settings

QUESTION = "How tall is the tower?"
TEXT = "The tower was finished in March 1889 and stands in Paris. It is 330 metres tall. " * 12
TEXTS = [TEXT[:size] for size in (500, 480, 460, 440, 420, 400, 380, 360)]
PRECISIONS = ("float32", "bfloat16", "int8")


def vectors(network: Network) -> Floats:
    """Return mean token vectors of length 1, shape (n, dim)."""
    rows = np.zeros((len(TEXTS), network.config.hidden_size), np.float32)
    for batch in network.windows([QUESTION] * len(TEXTS), TEXTS, cut="second"):
        mask = batch.encoded["attention_mask"][:, :, None].numpy()
        hidden = batch.output.last_hidden_state.float().numpy() * mask
        rows[batch.owners] = hidden.sum(axis=1)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def milliseconds(network: Network) -> float:
    """Return processor time per pair."""
    spent = []
    for _ in range(3):
        start = time.process_time()
        vectors(network)
        spent.append(time.process_time() - start)
    return 1000 * min(spent) / len(TEXTS)


def measure(folder: Path, name: str) -> None:
    exact = vectors(Network(str(folder), "AutoModel", precision="float32"))
    for precision in PRECISIONS:
        network = Network(str(folder), "AutoModel", precision=precision)
        least = float((vectors(network) * exact).sum(axis=1).min())
        print(f"{name}, {precision}: {milliseconds(network):.0f} ms a pair, cosine {least:.4f}")


def main(folder: Path) -> None:
    transformers.logging.set_verbosity_error()
    measure(folder, folder.name)
    with tempfile.TemporaryDirectory() as made:
        transformers.BertModel(transformers.BertConfig()).save_pretrained(made)
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        tokenizer.model_max_length = 512
        tokenizer.save_pretrained(made)
        measure(Path(made), "shape of BERT-base")


if __name__ == "__main__":
    default = Registry.load(Settings.load().models)
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else default.verify("all-MiniLM-L6-v2"))
