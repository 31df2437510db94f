"""HTTP: the browser client and its files, answered from memory by `twisted.web`."""
