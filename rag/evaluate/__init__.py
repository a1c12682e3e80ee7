"""How good are the answers: sets, cached indexes, records of what was answered, figures."""
