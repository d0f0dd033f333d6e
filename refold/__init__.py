"""refold: run LLM agents, log every step, and replay, re-grade and compare any run later."""
