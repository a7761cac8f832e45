"""Configuration: flag > environment > file > default; YAML loading; masked logging.

config         `load_settings`: everything that can be configured.
jurisdictions  `load_rules`: the law as data, for `compliance.decide`.
logs           `mask_logs`: no telephone number, document or e-mail address in a log.
paths          `Paths`: the directories of one installation.
secretfile     `keep_secret`, `read_secret`: tokens in files of their owner alone.
yamltext       `read_yaml`, `build`: YAML with errors that name file and line.
"""
