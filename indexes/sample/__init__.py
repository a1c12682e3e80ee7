"""The sample corpus: an invented ferry company's documents and questions about them."""
