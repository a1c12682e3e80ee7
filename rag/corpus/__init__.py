"""Text in: files become documents, documents become chunks.

walk -> intake -> (worker: detect -> readers/* -> compose) -> split
"""
