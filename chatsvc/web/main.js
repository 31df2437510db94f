/** The entry point of the page. */
