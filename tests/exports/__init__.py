"""What leaves the product as a file comes back as it went in, read by other code."""
