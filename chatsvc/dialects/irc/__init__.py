"""The IRC dialect: the Modern IRC Client Protocol and IRCv3, as one connection speaks them."""
