"""People, numbers, debts, attempts, promises, opt-outs and requests as kept."""
