"""The console, its API and what monitoring asks: one aiohttp application over the tables, without audio of its own."""
