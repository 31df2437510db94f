"""What happens on keys, commands and events: between the screen and the connection.  No drawing."""
