"""The GraphQL API. It calls the same services as REST."""
