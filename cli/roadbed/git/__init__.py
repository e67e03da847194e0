"""The git repository of a service: commands, objects, index and work tree."""
