"""Pure conversation: script schema, checker, step function, prompts and understanding."""
