"""An example of a domain area: one person requests money, another person decides.

Read it, copy its structure, and remove it with `just drop-example`. No code outside this folder
and `tests/web/approvals` refers to it.
"""
