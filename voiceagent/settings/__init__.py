"""Configuration: flag > environment > file > default; YAML loading; masked logging."""
