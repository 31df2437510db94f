"""The full-screen client: `state` is what one sees, the others show it on a terminal."""
