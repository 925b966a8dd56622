"""What the founding text says, shown on small records."""
