"""Attack sets: texts are planted into documents, and the answers are watched."""
