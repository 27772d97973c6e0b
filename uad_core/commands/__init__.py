"""Commands of `python -m uad_core` that need a file of their own."""
