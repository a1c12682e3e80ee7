"""What a question asks, alone or after others."""
