"""The commands that measure: parse, make the parts, call `rag.evaluate`, print."""
