"""Definitions of the measures, their SQL, and what the metrics endpoint exports."""
