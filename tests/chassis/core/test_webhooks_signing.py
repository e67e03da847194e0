"""Signatures of Standard Webhooks, and the keyring that secrets lie under."""

import pytest

from chassis.webhooks import signing
from chassis.webhooks.keys import Keyring, KeyringError

# the vector that the specification's libraries share
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE = "msg_p5jXN8AQM9LWM0D4loKWxJek"
SENT = 1614265330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

KEY = signing.key(SECRET)
OTHER = signing.key(signing.new_secret())


def signed(*keys: bytes) -> dict[str, str]:
    """Give the headers of the vector's message, signed with ``keys``."""
    return signing.headers(keys, message=MESSAGE, at=SENT, body=BODY)


def test_the_specifications_vector() -> None:
    """The same message gives the same three headers."""
    expected = {
        "webhook-id": MESSAGE,
        "webhook-timestamp": str(SENT),
        "webhook-signature": SIGNATURE,
    }
    assert signed(KEY) == expected
    signing.verify([KEY], expected, BODY, now=SENT)


@pytest.mark.parametrize("known", [KEY, OTHER], ids=["new", "former"])
def test_while_a_secret_is_changed_both_verify(known: bytes) -> None:
    """A message is signed with each secret in force; a receiver needs one of them."""
    assert len(signed(OTHER, KEY)["webhook-signature"].split()) == 2
    signing.verify([known], signed(OTHER, KEY), BODY, now=SENT)


@pytest.mark.parametrize("late", [-300, 300])
def test_clocks_may_differ_a_little(late: int) -> None:
    """Five minutes either way are fine."""
    signing.verify([KEY], signed(KEY), BODY, now=SENT + late)


@pytest.mark.parametrize(
    ("change", "now", "reason"),
    [
        ({}, SENT + 301, "too old"),
        ({}, SENT - 301, "too old"),
        ({"webhook-timestamp": str(SENT + 1)}, SENT, "no signature"),
        ({"webhook-id": "msg_other"}, SENT, "no signature"),
        ({"webhook-signature": "v1,AAAA v2,BBBB"}, SENT, "no signature"),
        ({"webhook-signature": SIGNATURE.replace("v1,", "v1a,")}, SENT, "no signature"),
        ({"webhook-signature": "v1,\xfc"}, SENT, "no signature"),
        ({"webhook-signature": ""}, SENT, "no signature"),
        ({"webhook-timestamp": "١٢"}, SENT, "not a number"),
        ({"webhook-timestamp": "-1"}, SENT, "not a number"),
        ({"webhook-timestamp": "9" * 5000}, SENT, "not a number"),
    ],
)
def test_what_is_not_genuine_is_refused(change: dict[str, str], now: int, reason: str) -> None:
    """Any change, or a message from another time, is refused with a reason."""
    with pytest.raises(signing.SignatureError, match=reason):
        signing.verify([KEY], signed(KEY) | change, BODY, now=now)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_named(name: str) -> None:
    """The reason says which."""
    received = signed(KEY)
    del received[name]
    with pytest.raises(signing.SignatureError, match=f"{name} is missing"):
        signing.verify([KEY], received, BODY, now=SENT)


def test_another_secret_or_body_is_refused() -> None:
    """The signature covers the body, and only the owner of the secret can make it."""
    for keys, body in (([OTHER], BODY), ([KEY], BODY + b" "), ([], BODY)):
        with pytest.raises(signing.SignatureError, match="no signature"):
            signing.verify(keys, signed(KEY), body, now=SENT)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_AAAA", "whsec_ü", SECRET[6:]])
def test_what_is_no_secret(secret: str) -> None:
    """Too short, without its prefix or not base64: refused, and never shown."""
    with pytest.raises(ValueError, match="a secret is whsec_"):
        signing.key(secret)


def test_new_secrets_differ() -> None:
    """Each is its own."""
    assert signing.new_secret() != signing.new_secret()


OLD, NEW = "o" * 32, "n" * 32


def test_secrets_at_rest_cannot_be_read() -> None:
    """What is stored holds nothing of the secret, and opens to it."""
    encrypted = Keyring([NEW]).encrypt(SECRET)
    assert SECRET not in encrypted
    assert Keyring([NEW]).decrypt(encrypted) == SECRET


def test_a_new_key_reads_what_the_old_one_wrote() -> None:
    """Changing the key takes no downtime: new in front, renew, drop the old one."""
    encrypted = Keyring([OLD]).encrypt(SECRET)
    reencrypted = Keyring([NEW, OLD]).reencrypt(encrypted)
    assert Keyring([NEW]).decrypt(reencrypted) == SECRET


@pytest.mark.parametrize("change", [lambda text: text, lambda text: text[:-8] + "AAAAAAA="])
def test_a_foreign_or_changed_secret_does_not_open(change: object) -> None:
    """The error says which setting to look at."""
    assert callable(change)
    encrypted = change(Keyring([OLD]).encrypt(SECRET))
    with pytest.raises(KeyringError, match="WEBHOOK_KEYS"):
        Keyring([NEW]).decrypt(encrypted)
