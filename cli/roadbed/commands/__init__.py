"""The verbs: every option is declared here, and the modules do the work."""
