"""Questions about one index whose right answers are known: made from its sentences, or given."""
