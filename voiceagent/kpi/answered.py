"""Which calls count as what, in SQL over `attempt`: one expression for the report and for the exporter."""

from __future__ import annotations

import sqlalchemy as sa

from voiceagent.cases.tables import attempt

#: A person answered. Who proved to be the debtor is one, also while the call goes on and has no outcome yet.
HUMAN: sa.ColumnElement[bool] = sa.or_(attempt.c.human.is_(sa.true()), attempt.c.right_party.is_(sa.true()))
ENDED: sa.ColumnElement[bool] = attempt.c.status == "ended"
#: What the times of handling are means over.
HANDLED: sa.ColumnElement[bool] = sa.and_(HUMAN, ENDED)
