"""Makers of edited claims: `changes` alter the meaning of a sentence, `rewordings` keep it."""
