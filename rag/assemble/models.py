"""Settings become models: the concrete class of each, loaded only when it is asked for."""

from pathlib import Path
from typing import TYPE_CHECKING

from rag.protocols import Embedder, Generator, Reader, Reranker, Verifier
from rag.settings import SHIPPED_EMBEDDER, Settings

if TYPE_CHECKING:  # `import rag` must not load FAISS
    from rag.index.manifest import EmbedderMark

SHIPPED_READER = "quotewell-reader"


def make_embedder(settings: Settings, made_with: "EmbedderMark | None" = None) -> Embedder:
    """Return the embedder that `settings.embedder` names, its weights checked.

    Args:
        settings: The whole tree.
        made_with: The embedder of a build, taken where the settings name none.

    Raises:
        WeightsMissing: If they are not on this machine.
        WeightsAltered: If a file does not match its checksum.
    """
    from rag.models.embedder import open_embedder

    chosen = settings.embedder
    model = embedder_model(settings, made_with)
    return open_embedder(model, settings.models, runtime=chosen.runtime, threads=chosen.threads)


def embedder_model(settings: Settings, made_with: "EmbedderMark | None") -> str:
    """Return the embedder to use: the settings', else that of a build, else the default."""
    return settings.embedder.model or (made_with.model if made_with else "") or SHIPPED_EMBEDDER


def make_verifier(settings: Settings, embedder: Embedder) -> Verifier:
    """Return the verifier that `settings.verifier` names; empty means the built-in one."""
    chosen = settings.verifier
    if not chosen.model:
        from rag.models.verifier import SimilarityVerifier

        return SimilarityVerifier(embedder)
    from rag.models.checkers import open_verifier

    return open_verifier(
        _checked_folder(settings, chosen.model),
        labels=chosen.labels,
        prompt=chosen.prompt,
        device=settings.runtime.device,
        precision=settings.runtime.precision,
    )


def make_reranker(settings: Settings) -> Reranker | None:
    """Return the reranker that `settings.search` names, or None when it names none."""
    if not settings.search.reranker:
        return None
    from rag.models.reranker import CrossEncoderReranker

    return CrossEncoderReranker(
        _checked_folder(settings, settings.search.reranker),
        device=settings.runtime.device,
        precision=settings.runtime.precision,
    )


def make_reader(settings: Settings) -> Reader | None:
    """Return the reader that `settings.reader` names; empty means the one that ships, `none` none.

    Raises:
        WeightsAltered: If a file does not match its checksum.
    """
    from rag.models.registry import Registry

    chosen = settings.reader
    if chosen.model == "none":
        return None
    name = chosen.model or SHIPPED_READER
    folder = Registry.load(settings.models).verify(name)
    if not (folder / "reader.json").is_file():  # not of our own making
        from rag.models.question_answering import TransformersReader

        runtime = settings.runtime
        return TransformersReader(folder, device=runtime.device, precision=runtime.precision)
    from rag.models.reader import OpenVinoReader

    return OpenVinoReader(folder, name=Path(name).name, threads=chosen.threads)


def make_generator(settings: Settings) -> Generator:
    """Return the generator that `settings.generator` names; its weights load on first use."""
    chosen = settings.generator
    if chosen.kind == "openai":
        from rag.models.openai import OpenAIGenerator

        return OpenAIGenerator(
            chosen.url, chosen.model, api_key_env=chosen.api_key_env, retries=chosen.retries
        )
    if chosen.kind == "transformers":
        from rag.models.causal import TransformersGenerator

        return TransformersGenerator(
            _checked_folder(settings, chosen.model), device=settings.runtime.device
        )
    from rag.models.llama import LlamaGenerator
    from rag.models.registry import Registry

    registry = Registry.load(settings.models)
    return LlamaGenerator(
        registry, chosen.model, context_tokens=chosen.context_tokens, threads=chosen.threads
    )


def _checked_folder(settings: Settings, model: str) -> str:
    """Return the folder of a model's files, found and checked."""
    from rag.models.registry import Registry

    return str(Registry.load(settings.models).verify(model))
