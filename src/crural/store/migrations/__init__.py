"""How the database came to its present form, step by step; run when a store is opened."""
