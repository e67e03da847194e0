"""The behavioral rules of a Django half, and the tests that run them (`suite`)."""
