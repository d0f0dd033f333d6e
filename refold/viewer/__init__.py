"""The viewer: an episode, or two side by side, as a JSON document, a web page or in a terminal."""
