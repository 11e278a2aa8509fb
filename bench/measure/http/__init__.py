"""A client that offers a schedule over HTTP: many keep-alive connections in one thread, which sends when it is due."""
