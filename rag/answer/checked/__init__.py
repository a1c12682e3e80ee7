"""Whether a quote says what a claim says, and what becomes of a claim it does not support."""
