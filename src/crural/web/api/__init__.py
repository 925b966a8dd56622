"""The HTTP API: assessing, the knowledge, and what is kept."""
