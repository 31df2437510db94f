"""The full-screen client: what it shows (`model`), how (`widgets`), and why (`control`)."""
