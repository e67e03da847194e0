"""GraphQL beside REST, on the same services."""
