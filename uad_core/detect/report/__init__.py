"""A detection on paper: one page of HTML that asks for nothing from anywhere, made to be printed on A4."""
