"""Who is called next: lists, campaigns, queue and lease, retries, callbacks, and how far a call may go.

queue      `Queue.lease(seat) -> Lease | None`, `complete`, `recheck`, `renew`, `lease_case`.
importing  `import_list`: a file of debtors, row by row, nothing wrong taken in silently.
campaigns  `create_campaign`, `set_state`, `set_mode`, `enroll`.
modes      `Gate`: rehearsal, pilot, live.
ladder     `next_step`: when again.
"""

from voiceagent.dialer.projections import PROJECTIONS

__all__ = ["PROJECTIONS"]
