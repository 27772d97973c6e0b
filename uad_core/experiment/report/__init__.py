"""An experiment as one self-contained page: tables, figures, and what is needed to repeat it."""
