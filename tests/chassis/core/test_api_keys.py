"""API keys on a real database."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from chassis import api_keys
from chassis.api_keys import ApiKey, ApiKeyError, Peppers, Usage
from chassis.api_keys import store as module
from chassis.api_keys.key import Key
from chassis.auth import Principal
from chassis.problems import ProblemError
from lender import Lender

TENANT, OTHER = UUID(int=7), UUID(int=8)
ADA = Principal("https://issuer.example", "ada", TENANT, None, frozenset({"a", "b", "c"}))
PEPPERS = Peppers(["new pepper", "old pepper"])
YEAR = timedelta(days=365)
_WAITING = "SELECT 1 FROM pg_locks WHERE NOT granted"


async def create(connect: Lender, **changes: Any) -> tuple[ApiKey, str]:
    """Make a key of Ada's."""
    given: dict[str, Any] = {"creator": ADA, "name": "importer", "permissions": ["b", "a", "b"]}
    given |= {"lifetime": YEAR, "peppers": PEPPERS, **changes}
    async with connect() as connection:
        return await api_keys.create(connection, **given)


async def verify(connect: Lender, text: str, peppers: Peppers = PEPPERS) -> Principal:
    """Verify a key."""
    return (await api_keys.verify(connect, text, peppers=peppers)).principal


async def refused(connect: Lender, text: str, peppers: Peppers = PEPPERS) -> None:
    """See that a key is worth nothing, and is not repeated."""
    with pytest.raises(ProblemError) as caught:
        await verify(connect, text, peppers)
    problem = caught.value
    assert (problem.status, problem.slug, problem.detail) == (401, "invalid-api-key", None)
    assert problem.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


async def test_a_key_is_somebody(connect: Lender) -> None:
    """Of its creator's tenant, with the permissions it was given, until it expires."""
    made, text = await create(connect)
    assert text.startswith(f"rbk_{made.prefix}_")
    verified = await api_keys.verify(connect, text, peppers=PEPPERS)
    assert verified.principal == Principal(
        "urn:roadbed:api-key", str(made.id), TENANT, None, frozenset({"a", "b"})
    )
    assert verified.expires == made.expires_at.timestamp()


async def test_the_table_verifies_no_guess(connect: Lender) -> None:
    """It holds neither the key nor a hash that can be made without the pepper."""
    made, text = await create(connect)
    [[row]] = await connect.rows("SELECT row_to_json(k)::text FROM platform.api_key AS k")
    assert text.rpartition("_")[2] not in row
    assert "pepper" not in row.replace('"pepper":', "")
    await refused(connect, text, Peppers(["stolen guess"]))
    key = Key.read(text)
    assert key
    assert key.secret not in repr(key)
    assert key.prefix == made.prefix


async def test_what_is_no_key_is_refused(connect: Lender) -> None:
    """Whatever is wrong with it, in the same words."""
    made, text = await create(connect)
    for wrong in (
        text[:-1],
        text[:-1] + ("A" if text[-1] != "A" else "B"),
        Key(made.prefix, Key.fresh().secret).write(),
        Key.fresh().write(),
        text.replace("rbk_", "RBK_"),
        f"{text}\n",
        "rbk_",
        "rbk_\0_\ud800",
    ):
        await refused(connect, wrong)


async def test_a_key_follows_to_the_newest_pepper(connect: Lender) -> None:
    """By its use; then the old pepper may go, and keys that were not used until then are dead."""
    _, used = await create(connect, peppers=Peppers(["old pepper"]))
    _, unused = await create(connect, peppers=Peppers(["old pepper"]))
    await verify(connect, used)
    only_new = Peppers(["new pepper"])
    assert await verify(connect, used, only_new)
    await refused(connect, unused, only_new)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"permissions": ["a", "z"]}, "permissions you do not have: z"),
        (
            {"creator": Principal(api_keys.ISSUER, "k", TENANT, None, frozenset("ab"))},
            "key may not",
        ),
    ],
)
async def test_a_key_is_allowed_no_more_than_its_creator(
    connect: Lender, changes: dict[str, Any], message: str
) -> None:
    """And a key makes none: one that leaked would outlive its revocation."""
    with pytest.raises(ProblemError, match=message) as caught:
        await create(connect, **changes)
    assert caught.value.status == 403


async def test_what_cannot_be_made_is_said(
    connect: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every key expires, there are not endlessly many, and none without a pepper."""
    for lifetime in (timedelta(), timedelta(days=366)):
        with pytest.raises(ApiKeyError, match="1 to 365 days"):
            await create(connect, lifetime=lifetime)
    with pytest.raises(ApiKeyError, match="set API_KEY_PEPPERS"):
        await create(connect, peppers=Peppers([]))
    monkeypatch.setattr(module, "MOST_OF_A_TENANT", 1)
    await create(connect)
    with pytest.raises(ApiKeyError, match="revoke one first"):
        await create(connect)


async def test_keys_made_at_once_are_counted_too(
    connect: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two that are made at the same time for the last place one is refused."""
    monkeypatch.setattr(module, "MOST_OF_A_TENANT", 1)
    async with connect() as connection:
        await api_keys.create(
            connection, ADA, name="one", permissions=["a"], lifetime=YEAR, peppers=PEPPERS
        )
        other = asyncio.create_task(create(connect))
        while not other.done() and not await connect.rows(_WAITING):
            pass
    with pytest.raises(ApiKeyError, match="revoke one first"):
        await other


async def test_an_expired_key_is_refused(connect: Lender) -> None:
    """And forgotten a month later."""
    _, text = await create(connect)
    await connect.rows("UPDATE platform.api_key SET expires_at = now()")
    await refused(connect, text)
    await connect.rows("UPDATE platform.api_key SET expires_at = now() - interval '31 days'")
    async with connect() as connection:
        assert await api_keys.purge(connection) == 1


async def test_a_key_is_revoked_by_its_tenant(connect: Lender) -> None:
    """For another tenant it does not exist."""
    made, text = await create(connect)
    async with connect() as connection:
        assert not await api_keys.revoke(connection, made.id, tenant=OTHER)
        assert await api_keys.list_keys(connection, OTHER) == []
        assert await api_keys.list_keys(connection, TENANT) == [made]
        assert await api_keys.revoke(connection, made.id, tenant=TENANT)
        assert not await api_keys.revoke(connection, made.id, tenant=TENANT)
        assert await api_keys.list_keys(connection, TENANT) == []
    await refused(connect, text)


async def rotate(connect: Lender, key: UUID, by: Principal = ADA) -> tuple[ApiKey, str] | None:
    """Replace a key, with an overlap of an hour."""
    async with connect() as connection:
        return await api_keys.rotate(
            connection, key, by, overlap=timedelta(hours=1), lifetime=YEAR, peppers=PEPPERS
        )


async def test_a_key_is_replaced_with_an_overlap(connect: Lender) -> None:
    """Both work until it ends, so nobody has to change a program at one moment."""
    old, text = await create(connect)
    replaced = await rotate(connect, old.id)
    assert replaced
    new, successor = replaced
    assert (new.name, new.permissions, new.tenant) == (old.name, old.permissions, TENANT)
    assert await verify(connect, text) != await verify(connect, successor)
    await connect.rows(
        "UPDATE platform.api_key SET expires_at = expires_at - interval '1 hour' WHERE id = %s",
        old.id,
    )
    await refused(connect, text)
    assert await rotate(connect, old.id) is None
    stranger = Principal("i", "eve", OTHER, None, frozenset("ab"))
    assert await rotate(connect, new.id, stranger) is None


async def test_a_rotation_gives_nobody_more_than_they_have(connect: Lender) -> None:
    """Replacing somebody else's stronger key would hand it over; the key stays as it was."""
    made, text = await create(connect)
    weak = Principal("i", "bob", TENANT, None, frozenset({"a"}))
    with pytest.raises(ProblemError, match="permissions you do not have: b"):
        await rotate(connect, made.id, weak)
    async with connect() as connection:
        assert await api_keys.list_keys(connection, TENANT) == [made]
    assert await verify(connect, text)


async def test_uses_are_written_together(connect: Lender) -> None:
    """One statement for many keys; a key that is gone meanwhile is no error."""
    keys = [(await create(connect))[0].id for _ in range(3)]
    usage = Usage(connect)
    for key in (*keys[:2], keys[0], uuid4()):
        usage.note(key)
    before = datetime.now(UTC)
    await usage.flush()
    used = await connect.rows("SELECT id FROM platform.api_key WHERE last_used_at <= %s", before)
    assert {key for [key] in used} == set(keys[:2])
    await usage.flush()


async def test_uses_wait_for_a_database_that_is_away(connect: Lender) -> None:
    """An observation fails nobody's request, and is not lost."""
    made, _ = await create(connect)
    usage = Usage(Lender("postgresql://nobody@127.0.0.1:9/nothing?connect_timeout=1"))
    usage.note(made.id)
    with capture_logs() as logged:
        await usage.flush()
    assert [line["event"] for line in logged] == ["api_key_usage_lost"]
    usage._connect = connect
    await usage.flush()
    assert await connect.rows("SELECT 1 FROM platform.api_key WHERE last_used_at IS NOT NULL")
