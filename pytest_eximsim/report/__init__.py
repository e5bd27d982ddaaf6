"""What a reader sees: mistakes and failed outcomes as text. Nothing here decides whether something failed."""
