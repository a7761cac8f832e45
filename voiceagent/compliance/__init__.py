"""Pure law: dated rules as data and decide()."""
