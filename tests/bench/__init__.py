"""Every figure the README claims, each from a command that anyone can run again."""
