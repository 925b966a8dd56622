"""Saved patients around their assessment: the list, history, names, deletion."""
