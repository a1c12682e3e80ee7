"""Answers from your documents, with every sentence checked against its source."""
