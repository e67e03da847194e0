"""What is stored and how it is read: sessions, migrations, pages, filters, demo data."""
