"""Recognition and synthesis: protocols and client; the server with its engines; the model store."""
