"""Which person is meant by what people type: a document, a number, a case's id or a person's."""

from __future__ import annotations

import uuid

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError
from voiceagent.cases import tables
from voiceagent.dialer.explain import find_cases
from voiceagent.dialer.optouts import people_of


def find_person(connection: sa.Connection, contact: str, tenant_id: uuid.UUID) -> uuid.UUID:
    """The one person known by `contact`. BadInputError when nobody is, or several share the number."""
    try:
        wanted = uuid.UUID(contact.strip())
    except ValueError:
        pass
    else:
        person = tables.person.c
        known = sa.select(person.id).where(person.id == wanted, person.tenant_id == tenant_id)
        if connection.execute(known).first():
            return wanted
    people = people_of(connection, find_cases(connection, contact, tenant_id))
    if len(people) > 1:
        told = ", ".join(map(str, sorted(people)))
        raise BadInputError(
            f"{len(people)} people share that number: name one by document or id ({told})",
            code="several_people",
            values={"n": len(people)},
        )
    return people[0]
