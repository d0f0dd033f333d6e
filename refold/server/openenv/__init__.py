"""The OpenEnv protocol: HTTP, WebSocket, MCP and the Task API, and OpenEnv's own classes."""
