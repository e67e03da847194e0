"""Signing in. The platform owns it, so that its defences improve without a change here."""
