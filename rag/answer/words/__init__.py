"""How one thing may be said in several ways: numbers, spellings, names, order of words."""
