"""GraphQL beside REST, on the same services: one endpoint, a permission and a transaction for each
field.

A domain adds `api/<domain>/graphql.py` with a class `Query`, `Mutation` or both; each of their
fields declares the permission that it needs::

    @strawberry.type
    class Query:
        @field("endpoints:read")
        async def endpoints(self, session: AsyncSession, caller: Principal) -> list[Endpoint]: …

Needs the extra `fastapi-graphql`.
"""
