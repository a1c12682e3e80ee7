"""The commands of the shelf: parse, call one function, print."""
