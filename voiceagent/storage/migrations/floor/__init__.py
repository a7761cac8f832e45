"""The parts of the first migration, parents first."""
