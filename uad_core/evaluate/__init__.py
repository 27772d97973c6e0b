"""Score models on a labelled cohort."""
