"""The OpenEnv server: many episodes at once over HTTP and WebSocket, every one in the log."""
