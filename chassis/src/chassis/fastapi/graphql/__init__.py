"""GraphQL beside REST, on the same services: one endpoint, a permission and a transaction for each
field.

A domain takes part with `api/<domain>/graphql.py` that has a class `Query`, `Mutation` or
both; each of their fields says who may ask for it::

    @strawberry.type
    class Query:
        @field("endpoints:read")
        async def endpoints(self, session: AsyncSession, caller: Principal) -> list[Endpoint]: …

Installed with the extra `fastapi-graphql`.
"""
