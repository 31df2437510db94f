"""The full-screen client: what it shows (`model`), how (`widgets`), what it does (`control`)."""
