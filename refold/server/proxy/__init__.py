"""A proxy between OpenEnv clients and a server, with every session on record."""
