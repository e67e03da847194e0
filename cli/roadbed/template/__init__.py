"""The template repository: its source, its questions and its rendered files."""
