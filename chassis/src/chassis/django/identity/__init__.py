"""The hybrid's identity provider: allauth's OpenID Connect, with the platform's rules for tokens.

A token is valid for five minutes, is signed with RS256, and has exactly one service as audience.
The client requests it with `resource=service://<audience>` (RFC 8707) and must be allowed to.

A token of a person contains only scopes that the person holds. Scopes are the permissions of
the role matrix (`web/accounts/roles.py`): if a role has `endpoints:write`, tokens of
people with that role in the token's tenant may contain it. To replace this rule, set `SCOPES_OF` in
`web/settings.py` to the path of a function that takes the user and the requested scopes and returns
those that the user holds. OpenID's own scopes, such as `email`, are allowed for everyone.
"""
