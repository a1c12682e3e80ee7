import subprocess
import sys

import rag

HEAVY = ("torch", "faiss", "flask", "transformers", "openvino", "xllamacpp", "langchain_core")


def test_public_names_are_sorted_complete_and_there():
    assert rag.__all__ == sorted(rag.__all__)
    assert all(getattr(rag, name) for name in rag.__all__)


def test_importing_the_library_loads_nothing_heavy():
    code = f"import sys, rag; print([m for m in {HEAVY!r} if m in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
