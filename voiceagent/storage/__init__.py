"""The database engine, column types and migrations. No other room's tables."""
