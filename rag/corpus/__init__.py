"""Text in: files become documents, documents become chunks."""
