"""Synthesisers, the child processes they live in, the phrase cache and the joining of prompts."""
