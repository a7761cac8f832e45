"""Pure calendars: zones, holidays and business days by country and state."""
