"""Sessions: isolated places to play, what is played in them, and what goes over the wire."""
