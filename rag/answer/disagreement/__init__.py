"""Documents that contradict each other, their older revisions, or the question."""
