"""One scan in, result files out."""
