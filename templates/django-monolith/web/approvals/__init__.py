"""An example of an area of the domain: somebody asks for money, somebody else decides.

Read it, copy its shape, and remove it with `just drop-example`: nothing outside this folder and
`tests/web/approvals` refers to it.
"""
