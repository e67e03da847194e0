"""The API, by Django Ninja."""

KIND = "ninja"
