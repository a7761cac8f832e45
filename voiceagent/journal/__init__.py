"""The one stream of events and the projections updated with it in one transaction."""
