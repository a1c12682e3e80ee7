"""The shelf: which indexes exist and how each is made."""
