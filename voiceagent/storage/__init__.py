"""Engine, column types and migrations; the tables themselves belong to the rooms."""
