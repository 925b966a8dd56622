"""One module per step. A step that was ever released is never edited."""
