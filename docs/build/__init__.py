"""Builds the documentation: `python -m docs.build` writes pages and gathers the site."""
