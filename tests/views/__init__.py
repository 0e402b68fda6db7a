"""Views, owners, comments and the report: what people share about the same data."""
