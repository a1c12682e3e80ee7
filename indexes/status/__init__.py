"""How each index is doing, for the terminal, the page and a metrics file."""
