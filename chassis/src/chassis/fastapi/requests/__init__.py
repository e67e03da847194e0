"""A request on its way: identifying, recording, routing, and the writes it may repeat."""
