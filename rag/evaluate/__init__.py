"""How good are the answers: datasets and metrics."""
