"""Our side: Table Storage."""
