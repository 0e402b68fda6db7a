"""Events in: Partner Center says that something changed, and only Microsoft's signature is believed."""
