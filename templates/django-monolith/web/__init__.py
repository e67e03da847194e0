"""The product: accounts, pages, the back office, and one folder for each area of the domain."""
