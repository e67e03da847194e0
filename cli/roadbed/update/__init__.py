"""The changes that a service takes from its template: update, grow, adopt, eject."""
