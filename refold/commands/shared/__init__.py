"""What several commands share: options, output, progress, and the playing of episodes."""
