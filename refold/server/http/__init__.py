"""HTTP whatever the endpoint: access, limits, errors, bodies, sessions, metrics, OpenAPI."""
