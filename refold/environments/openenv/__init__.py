"""OpenEnv servers as worlds."""
