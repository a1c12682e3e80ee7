"""Which build answers, and what another would answer."""
