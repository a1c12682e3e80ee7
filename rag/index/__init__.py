"""One index on disk: the ledger, its vectors, its words, and the builds made of them."""
