"""Data access: sessions, migrations, pages, filters, demo data."""
