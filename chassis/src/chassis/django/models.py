"""No models: Django sends `pre_migrate` only to an app that has this module."""
