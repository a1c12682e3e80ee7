"""The sentences that may answer, and how sure it is that they do."""
