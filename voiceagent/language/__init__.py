"""Pure language: per language, numbers, money, dates, times, digits and intents, heard and spoken."""
