"""Pure language: per language, numbers, money, dates, times, digits, yes and no, heard and spoken.

heard  `understand_slots(text, *, language, region, expect, today) -> SlotReading`: what was said, as values.
say    `money(Money, language)`, `day(date, language, weekday=, today=, year=)`, `count(n, language, what)`,
       `clock(time, language)`, `digits(text, language)` -> `tuple[SpokenPart, ...]` of phrase-bank units;
       `bank(language) -> list[str]`: every unit they can emit; `joined(parts) -> str`.
text   `fold`, `tokenise`, `words`: how text is compared.

Each language is a package of tables (`words.py`, `grammar.py`, `assent.py`) and a renderer (`say.py`); the rules that
read the tables are shared. Intents live in `voiceagent.dialogue.understanding`.
"""
