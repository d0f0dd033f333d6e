"""What ``refold regrade`` prints: text, JSON, Markdown, JUnit's XML, HTML."""
