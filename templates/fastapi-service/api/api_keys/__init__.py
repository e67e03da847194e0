"""Keys of programs. The platform owns them, so that its defences improve without a change here."""
