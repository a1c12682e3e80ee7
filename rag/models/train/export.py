"""A trained reader as a folder others can read: int8 weights, tokenizer, limits.

Tensors of the encoder are named `bert.…`, as in a BERT model of transformers, beside the heads
`span`, `judge`, `answerable` and `relevant`. `reader.json` holds the tokens a reader was measured
with.
"""

import json
import shutil
from pathlib import Path

from safetensors.torch import save_file

from rag.errors import WeightsMissing
from rag.models.train.encode import QUESTION_TOKENS
from rag.models.train.quantise import quantised
from rag.models.train.reader import Reader, renamed
from rag.models.train.reading import WINDOW


def export(reader: Reader, base: Path, out: Path) -> int:
    """Write the folder and return the size of its weights in bytes.

    Raises:
        WeightsMissing: If `base`, where training began, lacks its tokenizer.
    """
    out.mkdir(parents=True, exist_ok=True)
    weights = out / "model.safetensors"
    save_file(quantised(renamed(reader.state_dict())), weights, metadata={"format": "pt"})
    config = json.dumps(reader.encoder.config.to_dict(), indent=1, default=str)
    (out / "config.json").write_text(config, encoding="utf-8")
    facts = {"question_tokens": QUESTION_TOKENS, "window_tokens": WINDOW}
    (out / "reader.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    try:
        shutil.copyfile(base / "tokenizer.json", out / "tokenizer.json")
    except OSError as error:
        raise WeightsMissing(f"{base} holds no tokenizer.json to go with the reader") from error
    return weights.stat().st_size
