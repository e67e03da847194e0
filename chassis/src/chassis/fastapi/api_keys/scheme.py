"""API keys as a kind of credential."""

from uuid import UUID

from chassis import api_keys
from chassis.api_keys.key import TEXT_PREFIX
from chassis.auth import Verified
from chassis.connections import Connector
from chassis.fastapi.data import db


class ApiKeys:
    """Verifies credentials that begin with `rbk_`."""

    def __init__(self, connect: Connector, peppers: api_keys.Peppers) -> None:
        """Find keys on connections that `connect` opens."""
        self._connect = connect
        self.peppers = peppers
        self.usage = api_keys.Usage(connect)

    def accepts(self, credential: str) -> bool:
        """Return whether the credential has the prefix of an API key."""
        return credential.startswith(TEXT_PREFIX)

    async def examine(self, credential: str) -> Verified:
        """Return whose key it is, and note its use.

        Raises ProblemError 401, and 503 while the database is away: no route's own handling of
        that is reached from here.
        """
        try:
            verified = await api_keys.verify(self._connect, credential, peppers=self.peppers)
        except db.UNAVAILABLE as error:
            raise db.unavailable(error) from error
        self.usage.note(UUID(verified.principal.subject))
        return verified
