"""When an index is made again: by the clock, and when files change."""
