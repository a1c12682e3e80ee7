"""A confidence that means something, and a promise about risk, from questions about one index."""
