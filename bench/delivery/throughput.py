"""The delivery worker's share of the raw HTTP client's throughput: paired rounds, one receiver.

Run it in a rendered service, with a pipe that drains its log:

    cd SERVICE && uv run python REPOSITORY/bench/delivery/throughput.py | cat > /dev/null

A round sends the same number of messages to slow endpoints (50 ms), first by aiohttp alone with a
fixed body, then by the delivery worker of the slice, which claims from PostgreSQL, signs, traces,
logs, retries if necessary, and records the outcome. Figures go to standard error.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
from chassis.fastapi.data.db import Database
from chassis.fastapi.testing import migrate
from chassis.webhooks import signing
from chassis.webhooks.delivery import IN_FLIGHT, DeliveryWorker
from chassis.webhooks.sender import Sender

from chassis import devdb, logs, service, telemetry, testing

EVENTS = 10_000
ENDPOINTS = 40
DELAY = 0.05
ROUNDS = 5
BODY = json.dumps(
    {"type": "order.paid", "timestamp": "2026-11-24T12:00:00+00:00", "data": {"order": "L-1041"}}
)
HEADERS = {
    "content-type": "application/json",
    "webhook-id": "0b02b257-fed1-49e5-6485-a107fdf6465e",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
FILL = """
WITH event AS (
    INSERT INTO webhooks_event (id, tenant_id, type, body, carried)
    SELECT gen_random_uuid(), %(tenant)s, 'order.paid', %(body)s,
        '{"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"}'
    FROM generate_series(1, %(events)s) RETURNING id
), numbered AS (SELECT id, row_number() OVER () AS n FROM event),
endpoint AS (SELECT id, row_number() OVER () - 1 AS n FROM webhooks_endpoint)
INSERT INTO webhooks_delivery (id, tenant_id, endpoint_id, event_id, state, tries, attempts)
SELECT gen_random_uuid(), %(tenant)s, e.id, v.id, 'pending', 0, '[]'
FROM numbered v JOIN endpoint e ON e.n = v.n %% %(endpoints)s
"""


def say(sentence: str) -> None:
    """Write to standard error: standard output is the log."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


async def raw(url: str) -> tuple[float, float]:
    """Send with the client alone; return seconds of wall clock and of CPU."""
    left = EVENTS
    body = BODY.encode()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def work() -> None:
            nonlocal left
            while left > 0:
                left -= 1
                async with session.post(url, data=body, headers=HEADERS) as answer:
                    await answer.read()

        wall, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
        return time.perf_counter() - wall, time.process_time() - cpu


async def machine(database: Database, worker: DeliveryWorker) -> tuple[float, float]:
    """Send with the delivery worker; return seconds of wall clock and of CPU."""
    async with database.driver() as connection:
        values = {"tenant": TENANT, "body": BODY, "events": EVENTS, "endpoints": ENDPOINTS}
        await connection.execute(FILL, values)
    async with database.driver() as connection:
        await connection.execute("ANALYZE webhooks_delivery")
    wall, cpu = time.perf_counter(), time.process_time()
    await worker.run(seconds=120, linger=0)
    spent = time.perf_counter() - wall, time.process_time() - cpu
    async with database.driver() as connection:
        states = await connection.execute(
            "SELECT state, tries, count(*) FROM webhooks_delivery GROUP BY 1, 2"
        )
        if (found := await states.fetchall()) != [("delivered", 1, EVENTS)]:
            raise SystemExit(f"not everything was delivered once: {found}")
        await connection.execute("TRUNCATE webhooks_event, webhooks_delivery")
    return spent


REGISTER = """
INSERT INTO webhooks_endpoint
    (id, tenant_id, url, description, event_types, enabled, secret, version)
VALUES (gen_random_uuid(), %s, %s, '', '{}', true, %s, 1)
"""
TENANT = "00000000-0000-0000-0000-000000000001"


async def compare(address: str, port: int) -> None:
    """Run the rounds and print them."""
    # imported here: they belong to the service, whose folder is on the path only now
    from api.webhooks.settings import keyring, settings  # noqa: PLC0415
    from api.webhooks.tasks import tables  # noqa: PLC0415

    database = Database.at(address)
    async with database.driver() as connection:
        for number in range(ENDPOINTS):
            address = f"http://127.0.0.1:{port}/{number}"
            secret = keyring.encrypt(signing.new_secret())
            await connection.execute(REGISTER, [TENANT, address, secret])
    worker = DeliveryWorker(tables, lambda: Sender(settings), keyring, database.driver)
    shares = []
    for number in range(ROUNDS + 1):
        alone, ours = await raw(f"http://127.0.0.1:{port}/"), await machine(database, worker)
        share = alone[0] / ours[0]
        say(
            f"{'warm-up' if number == 0 else f'round {number}'}: raw {EVENTS / alone[0]:,.0f}/s "
            f"({alone[1] / EVENTS * 1e6:.0f} µs CPU), machine {EVENTS / ours[0]:,.0f}/s "
            f"({ours[1] / EVENTS * 1e6:.0f} µs CPU): {share:.0%}"
        )
        shares += [share] if number else []
    say(f"median {statistics.median(shares):.0%}, from {min(shares):.0%} to {max(shares):.0%}")
    await database.dispose()


def main() -> None:
    """Start a receiver and a separate database, and compare."""
    sys.path.insert(0, str(Path.cwd()))
    # the test plugin, which makes databases, sets ENVIRONMENT to test; measure a normal worker
    os.environ["ENVIRONMENT"] = "development"
    found = service.load()
    from api.settings import Settings  # noqa: PLC0415 - as above

    loaded = Settings.load(found)
    script = Path(__file__).with_name("receiver.py")
    command = [sys.executable, str(script), "0", str(DELAY)]
    with (
        devdb.available(found),
        testing.database(testing.address(found, "api")) as address,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as receiver,
    ):
        try:
            migrate(found, address)
            logs.configure(loaded.model_copy(update={"log_format": "json"}), found)
            telemetry.start(loaded, found)
            port = int(receiver.stdout.readline() if receiver.stdout else 0)
            asyncio.run(compare(address, port))
        finally:
            logs.flush()
            receiver.kill()


if __name__ == "__main__":
    main()
