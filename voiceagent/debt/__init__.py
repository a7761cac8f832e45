"""Pure domain of debt: person, debt, offer, agreement, promise, disposition, negotiation policy."""
