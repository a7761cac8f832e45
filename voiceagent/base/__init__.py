"""Pure foundations: ids, money, clocks, languages, errors. Imports no other room."""
