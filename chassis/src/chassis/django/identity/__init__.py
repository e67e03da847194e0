"""The hybrid's identity provider: allauth's OpenID Connect, with our rules about tokens.

A token lives five minutes, is signed with RS256, and names exactly the service it is for: its
client has to ask with `resource=service://<audience>` (RFC 8707) and has to be allowed to.

A token of a person carries no scope that the person does not hold. Scopes are the permissions of
the role matrix (`web/accounts/roles.py`): give a role `endpoints:write`, and the tokens of whoever
holds it in the token's tenant may carry that. Another rule is `SCOPES_OF` in `web/settings.py`: the
path of a function that is given the user and the scopes that were asked for, and gives those that
the user holds. OpenID's own scopes, such as `email`, are everybody's.
"""
