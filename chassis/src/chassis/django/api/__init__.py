"""What the APIs of a Django half share, and the adapters of Ninja, REST framework and GraphQL."""
