"""The verbs of the command line: one file each, imported when its verb is called."""
