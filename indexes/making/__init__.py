"""How an index is made from its recipe: one file a step, `rebuild` the whole."""
