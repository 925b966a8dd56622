"""The knowledge for reading: every number with its source, and the network drawn."""
