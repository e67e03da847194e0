"""The back office's site, look and pieces: what Django's admin is made of here."""
