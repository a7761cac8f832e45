"""Pure calendars: time zones of debtors, holidays and business days by country and state.

zones     `zone_of`, `zones_of`, `state_of`, `default_zone`: where a debtor's clock is.
holidays  `is_holiday`, `is_bank_closed`, `supported`: public and banking holidays.
business  `BusinessCalendar`: what is open, rolling, counting, the n-th of a month.
"""
