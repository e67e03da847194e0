"""The keys under which the request layer leaves things in an ASGI scope.

A scope reaches mounted applications too, whose own state would not know them.
"""

EXCHANGE = "chassis.exchange"
PLATFORM = "chassis.platform"
PRINCIPAL = "chassis.principal"
REQUEST_ID = "chassis.request_id"
