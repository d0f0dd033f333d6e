"""OpenEnv servers as external environments."""
