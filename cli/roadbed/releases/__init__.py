"""Release notes, the changelog and the release itself."""
