"""What the simulator promises to the tests and people that rely on it."""
