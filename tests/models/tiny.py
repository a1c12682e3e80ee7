"""Tiny models with random weights, made in a moment: the real file formats, no download."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing

WORDS = "the a cat dog sat ran on mat in of is was who what where when paris london 1 2 3 ?".split()
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
WIDTH, INNER, LAYERS, HEADS, POSITIONS, MAX_TOKENS = 16, 32, 2, 4, 160, 24


def tiny_tokenizer() -> Tokenizer:
    """Return a BERT tokenizer over a few words."""
    tokenizer = Tokenizer(
        WordPiece({word: row for row, word in enumerate(VOCABULARY)}, unk_token="[UNK]")
    )
    tokenizer.normalizer = BertNormalizer()
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return tokenizer


def bert_config(**changes: object) -> dict[str, object]:
    """Return the `config.json` of a BERT encoder of two layers."""
    return {
        "model_type": "bert",
        "architectures": ["BertModel"],
        "hidden_act": "gelu",
        "hidden_size": WIDTH,
        "intermediate_size": INNER,
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": POSITIONS,
        "num_attention_heads": HEADS,
        "num_hidden_layers": LAYERS,
        "type_vocab_size": 2,
        "vocab_size": len(VOCABULARY),
        "pad_token_id": 0,
    } | changes


def make_tiny_encoder(folder: Path, *, seed: int = 0, **changes: object) -> Path:
    """Write an untrained sentence encoder into `folder`, laid out as sentence-transformers does."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(_bert_weights(np.random.default_rng(seed)), folder / "model.safetensors")
    tiny_tokenizer().save(str(folder / "tokenizer.json"))
    kind = "sentence_transformers.models."
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": kind + "Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": kind + "Pooling"},
        {"idx": 2, "name": "2", "path": "2_Normalize", "type": kind + "Normalize"},
    ]
    (folder / "1_Pooling").mkdir(exist_ok=True)
    _write(folder / "config.json", bert_config(**changes))
    _write(folder / "sentence_bert_config.json", {"max_seq_length": MAX_TOKENS})
    _write(folder / "modules.json", modules)
    _write(folder / "tokenizer_config.json", {"tokenizer_class": "BertTokenizer"})
    _write(
        folder / "1_Pooling" / "config.json",
        {"word_embedding_dimension": WIDTH, "pooling_mode_mean_tokens": True},
    )
    return folder


def _write(path: Path, tree: object) -> None:
    path.write_text(json.dumps(tree), encoding="utf-8")


def _bert_weights(random: np.random.Generator) -> dict[str, np.ndarray]:
    weights: dict[str, np.ndarray] = {}

    def add(name: str, *shape: int) -> None:
        weights[name] = random.normal(0, 0.3, shape).astype(np.float32)

    def dense(name: str, rows: int, columns: int) -> None:
        add(f"{name}.weight", rows, columns)
        add(f"{name}.bias", rows)

    def norm(name: str) -> None:
        add(f"{name}.bias", WIDTH)
        weights[f"{name}.weight"] = np.ones(WIDTH, np.float32)

    add("embeddings.word_embeddings.weight", len(VOCABULARY), WIDTH)
    add("embeddings.position_embeddings.weight", POSITIONS, WIDTH)
    add("embeddings.token_type_embeddings.weight", 2, WIDTH)
    norm("embeddings.LayerNorm")
    dense("pooler.dense", WIDTH, WIDTH)
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        for part in ("query", "key", "value"):
            dense(f"{name}.attention.self.{part}", WIDTH, WIDTH)
        dense(f"{name}.attention.output.dense", WIDTH, WIDTH)
        norm(f"{name}.attention.output.LayerNorm")
        dense(f"{name}.intermediate.dense", INNER, WIDTH)
        dense(f"{name}.output.dense", WIDTH, INNER)
        norm(f"{name}.output.LayerNorm")
    return weights


def make_tiny_classifier(folder: Path, labels: list[str], *, seed: int = 0) -> Path:
    """Write an untrained BERT classifier over pairs of texts into `folder`."""
    make_tiny_encoder(folder)
    weights = {f"bert.{name}": w for name, w in _bert_weights(np.random.default_rng(seed)).items()}
    random = np.random.default_rng(seed + 1)
    weights["classifier.weight"] = random.normal(0, 1, (len(labels), WIDTH)).astype(np.float32)
    weights["classifier.bias"] = np.zeros(len(labels), np.float32)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    rows = {str(row): label for row, label in enumerate(labels)}
    config = bert_config(
        architectures=["BertForSequenceClassification"],
        id2label=rows,
        label2id={label: row for row, label in enumerate(labels)},
        tie_word_embeddings=False,
    )
    _write(folder / "config.json", config)
    _write(
        folder / "tokenizer_config.json",
        {"tokenizer_class": "BertTokenizer", "model_max_length": POSITIONS},
    )
    return folder


def make_tiny_writer(folder: Path, *, window: int = 256, template: bool = True) -> Path:
    """Write an untrained causal model of one layer into `folder`."""
    from transformers import (  # noqa: PLC0415  (slow; only tests marked model write one)
        LlamaConfig,
        LlamaForCausalLM,
        PreTrainedTokenizerFast,
        set_seed,
    )

    set_seed(0)
    config = LlamaConfig(
        vocab_size=len(VOCABULARY), hidden_size=WIDTH, intermediate_size=INNER,
        num_hidden_layers=1, num_attention_heads=2, max_position_embeddings=window,
        bos_token_id=2, eos_token_id=None, pad_token_id=0,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=tiny_tokenizer(), pad_token="[PAD]", unk_token="[UNK]"
    )
    if template:
        tokenizer.chat_template = "{% for m in messages %}{{ m['content'] }} {% endfor %}"
    tokenizer.save_pretrained(folder)
    return folder


SIZES = {
    "vocab_size": len(VOCABULARY), "hidden_size": WIDTH, "intermediate_size": INNER,
    "num_hidden_layers": 1, "num_attention_heads": 2, "pad_token_id": 0,
}  # fmt: skip
ENCODERS: dict[str, dict[str, object]] = {
    "bert": {},
    "electra": {"embedding_size": WIDTH},
    "roberta": {"bos_token_id": 2, "eos_token_id": 3},
    "xlm-roberta": {"bos_token_id": 2, "eos_token_id": 3},
    "mpnet": {"bos_token_id": 2, "eos_token_id": 3},
    "deberta-v2": {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "type_vocab_size": 0,
                   "position_biased_input": False},
    "modernbert": {"cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2, "eos_token_id": 3,
                   "local_attention": 16, "attn_implementation": "eager"},
}  # fmt: skip
"""Architectures of which any head can be made, and what each needs beside the sizes."""
SOME_ENCODERS = [
    kind if kind in ("bert", "roberta") else pytest.param(kind, marks=pytest.mark.slow)
    for kind in ENCODERS
]
"""For `parametrize`: two that differ most by default, all with the slow tests."""
_SEGMENTS = frozenset({"bert", "electra"})
_NO_PADDED_POSITIONS = frozenset({"bert", "electra", "deberta-v2", "modernbert"})


def make_tiny_head(
    folder: Path, head: str, kind: str = "bert", *, labels: tuple[str, ...] = (), seed: int = 0
) -> Path:
    """Write an untrained model of one layer and `POSITIONS` tokens into `folder`.

    `head` is the transformers class, such as `AutoModelForQuestionAnswering`, `kind` one of
    `ENCODERS`.
    """
    import transformers  # noqa: PLC0415  (slow)

    transformers.set_seed(seed)
    named = {"id2label": dict(enumerate(labels)), "label2id": {n: i for i, n in enumerate(labels)}}
    extra = 0 if kind in _NO_PADDED_POSITIONS else 1
    config = transformers.AutoConfig.for_model(
        kind, **SIZES, **ENCODERS[kind], **(named if labels else {}),
        max_position_embeddings=POSITIONS + extra, initializer_range=0.5,
    )  # fmt: skip
    getattr(transformers, head).from_config(config).save_pretrained(folder)
    save_tokenizer(folder, segments=kind in _SEGMENTS)
    return folder


def save_tokenizer(folder: Path, *, segments: bool = False, ends: bool = False) -> None:
    """Write the tiny tokenizer as transformers reads it; `ends` closes a text as T5 does."""
    from transformers import PreTrainedTokenizerFast  # noqa: PLC0415  (slow)

    plain = tiny_tokenizer()
    if ends:
        plain.post_processor = TemplateProcessing(single="$A [SEP]", special_tokens=[("[SEP]", 3)])
    names = ["input_ids", "attention_mask", *(["token_type_ids"] if segments else [])]
    PreTrainedTokenizerFast(
        tokenizer_object=plain, pad_token="[PAD]", unk_token="[UNK]", sep_token="[SEP]",
        cls_token="[CLS]", mask_token="[MASK]", eos_token="[SEP]", model_input_names=names,
    ).save_pretrained(folder)  # fmt: skip


def make_tiny_t5(folder: Path) -> Path:
    """Write an untrained T5 of one layer that reads `POSITIONS` tokens into `folder`."""
    from transformers import (  # noqa: PLC0415  (slow)
        T5Config,
        T5ForConditionalGeneration,
        set_seed,
    )

    set_seed(0)
    config = T5Config(
        vocab_size=len(VOCABULARY), d_model=WIDTH, d_kv=8, d_ff=INNER, num_layers=1, num_heads=2,
        pad_token_id=0, eos_token_id=3, decoder_start_token_id=0, n_positions=POSITIONS,
        initializer_factor=2.0,
    )  # fmt: skip
    T5ForConditionalGeneration(config).save_pretrained(folder)
    save_tokenizer(folder, ends=True)
    return folder
