"""LlamaIndex as in its starter tutorial: VectorStoreIndex with all defaults, query engine."""

import os

from llama_index.core import Document, Settings, VectorStoreIndex
from llama_index.core.llms import CompletionResponse, CustomLLM, LLMMetadata
from llama_index.core.llms.callbacks import llm_completion_callback
from llama_index.core.vector_stores import FilterOperator, MetadataFilter, MetadataFilters
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from system import MAX_TOKENS, chat, serve


class Shared(CustomLLM):
    """The common model behind the documented custom class."""

    @property
    def metadata(self):
        return LLMMetadata(context_window=4096, num_output=MAX_TOKENS, model_name="shared")

    @llm_completion_callback()
    def complete(self, prompt, formatted=False, **options):
        return CompletionResponse(text=chat([{"role": "user", "content": prompt}]))

    @llm_completion_callback()
    def stream_complete(self, prompt, formatted=False, **options):
        yield self.complete(prompt)


class LlamaIndex:
    """Defaults throughout: chunks of 1,024 tokens, two of them retrieved, its own prompt."""

    def __init__(self):
        Settings.embed_model = HuggingFaceEmbedding(model_name=os.environ["COMPARE_EMBEDDER"])
        Settings.llm = Shared()
        self.index = None

    def ingest(self, documents):
        rows = [
            Document(text=d["text"], id_=d["_id"], metadata={"title": d["title"], "id": d["_id"]},
                     excluded_embed_metadata_keys=["id"], excluded_llm_metadata_keys=["id"])
            for d in documents
        ]  # fmt: skip
        self.index = VectorStoreIndex.from_documents(rows)
        return len(self.index.docstore.docs)

    def filters(self, scope):
        if not scope:
            return None
        only = MetadataFilter(key="id", value=scope, operator=FilterOperator.IN)
        return MetadataFilters(filters=[only])

    def search(self, question, scope, k):
        retriever = self.index.as_retriever(similarity_top_k=3 * k, filters=self.filters(scope))
        return [node.metadata["id"] for node in retriever.retrieve(question)]

    def ask(self, question, scope):
        engine = self.index.as_query_engine(filters=self.filters(scope))
        reply = engine.query(question)
        nodes = [[n.metadata["title"], n.get_content()] for n in reply.source_nodes]
        return str(reply), nodes


if __name__ == "__main__":
    serve(LlamaIndex)
