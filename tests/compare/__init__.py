"""The same corpora, questions, weights and machine, through what users would build instead."""
