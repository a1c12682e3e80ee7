"""What a model is told and what it wrote, tied to the sources."""
