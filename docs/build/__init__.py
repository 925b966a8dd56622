"""Builds the documentation. `python -m docs.build` writes the generated pages and gathers the site."""
