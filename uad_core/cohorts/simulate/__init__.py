"""Simulated FLAIR scans with exact truth, from label maps of real heads or from a phantom."""
