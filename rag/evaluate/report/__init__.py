"""A run as a page to read and to pass on: nothing here measures, everything shows."""
