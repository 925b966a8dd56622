"""How fast the work is, measured: `python -m benchmarks.run` writes `benchmarks/RESULTS.md`."""
