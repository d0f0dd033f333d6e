"""The viewer: any episode, or two side by side, as a document, a page, and a terminal stepper."""
