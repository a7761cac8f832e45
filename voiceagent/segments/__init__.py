"""Pure filters over the facts of a case: a small language, safe to take from people, with types and plain errors.

fields     `FIELDS`: what may be asked of a case, and of which type it is.
grammar    `parse(text) -> Expression`: words to tests; an error names its column and says what to do.
meaning    `holds(expression, facts)`: whether a case whose facts are at hand belongs to the segment.
scorecard  `read_scorecard`, `Scorecard.score`: points for tests that hold, with the reasons.
"""
