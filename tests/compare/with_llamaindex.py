"""LlamaIndex as in its starter tutorial: `VectorStoreIndex` with all defaults, query engine."""

import os

from llama_index.core import Document, Settings, VectorStoreIndex
from llama_index.core.llms import CompletionResponse, CustomLLM, LLMMetadata
from llama_index.core.llms.callbacks import llm_completion_callback
from llama_index.core.vector_stores import FilterOperator, MetadataFilter, MetadataFilters
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from system import CONTEXT_TOKENS, MAX_TOKENS, Writer, serve

WRITER = Writer()


class Common(CustomLLM):
    """The common generator behind the documented class for a custom LLM."""

    @property
    def metadata(self):
        return LLMMetadata(
            context_window=CONTEXT_TOKENS, num_output=MAX_TOKENS, model_name="common"
        )

    @llm_completion_callback()
    def complete(self, prompt, formatted=False, **options):
        return CompletionResponse(text=WRITER.write([{"role": "user", "content": prompt}]))

    @llm_completion_callback()
    def stream_complete(self, prompt, formatted=False, **options):
        yield self.complete(prompt)


class LlamaIndex:
    """1,024 tokens with 20 shared, the default store in memory, two nodes, its own prompt."""

    def __init__(self):
        Settings.embed_model = HuggingFaceEmbedding(model_name=os.environ["COMPARE_EMBEDDER"])
        Settings.llm = Common()
        self.index = None

    def ingest(self, documents, folder):
        rows = [
            Document(text=d["text"], id_=d["_id"], metadata={"title": d["title"], "id": d["_id"]},
                     excluded_embed_metadata_keys=["id"], excluded_llm_metadata_keys=["id"])
            for d in documents
        ]  # fmt: skip
        self.index = VectorStoreIndex.from_documents(rows)
        self.index.storage_context.persist(folder)
        return len(self.index.docstore.docs)

    def search(self, question, k):
        nodes = self.index.as_retriever(similarity_top_k=3 * k).retrieve(question)
        return [node.metadata["id"] for node in nodes]

    def ask(self, question, scope):
        only = MetadataFilter(key="id", value=scope, operator=FilterOperator.IN)
        filters = MetadataFilters(filters=[only]) if scope else None
        reply = self.index.as_query_engine(filters=filters).query(question)
        found = [scored.node for scored in reply.source_nodes]
        return str(reply), [[n.metadata["id"], n.start_char_idx, n.text] for n in found]


if __name__ == "__main__":
    serve(LlamaIndex, "llama-index-core", "llama-index-embeddings-huggingface")
