"""Table Storage: the gateway and its fast lane, on real Azurite."""
