"""What the server offers beside OpenEnv: recorded episodes, runs, manual play, and the page."""
