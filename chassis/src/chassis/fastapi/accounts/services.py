"""The services that the account routes share: keys, rate limits, the signed-in caller."""

from typing import Annotated, NamedTuple
from uuid import UUID

from fastapi import Depends, Request

from chassis import accounts, throttle
from chassis.connections import Connector
from chassis.fastapi.jobs import mail
from chassis.fastapi.platform import Platform
from chassis.fastapi.requests.scope import PLATFORM
from chassis.fastapi.security.permissions import CurrentPrincipal
from chassis.fastapi.settings import AUDIENCE, AccountSettings
from chassis.problems import ProblemError
from chassis.telemetry import trust
from chassis.throttle import Limit

_OF_AN_ACCOUNT = Limit("sign-in", 10, 600)
_OF_A_CLIENT = Limit("sign-in of client", 100, 600)
_MAIL_TO = Limit("mail to", 5, 3600)
_MAIL_BY_CLIENT = Limit("mail by client", 20, 3600)
_SERVICES = "chassis_account_services"


class AccountServices:
    """The account services of a platform, made once: reading the key takes some milliseconds."""

    def __init__(self, platform: Platform) -> None:
        """Raise TypeError for a service whose settings own no accounts."""
        if not isinstance(platform.settings, AccountSettings):
            raise TypeError("A service with sign-in needs settings derived from AccountSettings.")
        self.settings = platform.settings
        self.issuer = self.settings.issuer(platform.service)
        self.mailer = accounts.Mailer(platform.service.name, mail.post, self.settings.account_page)
        self._platform = platform
        self._trusts = trust.trust(self.settings.trusted_proxies)
        self._key = self.settings.signing_key(platform.service)
        self.refresh_key = self._key.derive("refresh tokens")

    @property
    def connect(self) -> Connector:
        """Return the function that opens a connection for one transaction."""
        return self._platform.database.driver

    def access_token(self, signed_in: accounts.SignedIn) -> str:
        """Return a signed access token, valid for ten minutes."""
        return accounts.access_token(
            signed_in.account,
            key=self._key,
            issuer=self.issuer,
            audience=AUDIENCE,
            session=signed_in.session,
        )

    async def limit_sign_in(self, request: Request, account: str) -> None:
        """Count an attempt by client, and by client and account. Raises ProblemError 429.

        It is not counted by account alone: then strangers could lock a person out.
        """
        network = self._network(request)
        await throttle.take(self.connect, _OF_A_CLIENT, network)
        await throttle.take(self.connect, _OF_AN_ACCOUNT, network, account.strip().lower())

    async def limit_mail(self, request: Request, address: str) -> None:
        """Count an email that an anonymous request causes. Raises ProblemError 429."""
        await throttle.take(self.connect, _MAIL_BY_CLIENT, self._network(request))
        await throttle.take(self.connect, _MAIL_TO, address.strip().lower())

    def _network(self, request: Request) -> str:
        peer = request.client.host if request.client else None
        forwarded = request.headers.getlist("x-forwarded-for")
        return throttle.network(trust.client(peer, forwarded, self._trusts))


async def get_account_services(request: Request) -> AccountServices:
    """Return the account services of this application."""
    state = request.app.state
    if not hasattr(state, _SERVICES):
        setattr(state, _SERVICES, AccountServices(request.scope[PLATFORM]))
    services: AccountServices = getattr(state, _SERVICES)
    return services


Services = Annotated[AccountServices, Depends(get_account_services)]


class Owner(NamedTuple):
    """The account and session of a signed-in caller."""

    account: UUID
    session: UUID | None


async def get_owner(principal: CurrentPrincipal, services: Services) -> Owner:
    """Return the signed-in account and session.

    Raises ProblemError 403 for an API key and for another issuer, whose subject could equal the id
    of a different account.
    """
    if principal.issuer != services.issuer:
        raise ProblemError(
            403, "permission-denied", "This needs a session of this service: sign in first."
        )
    # both were signed by this service
    return Owner(UUID(principal.subject), UUID(principal.session) if principal.session else None)


SignedInOwner = Annotated[Owner, Depends(get_owner)]
