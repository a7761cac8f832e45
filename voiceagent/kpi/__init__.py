"""Call-centre measures: definitions, SQL, exporter, reports."""
