"""The back office: Django's admin with its own site, theme, widgets and charts."""
