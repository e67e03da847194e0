"""`roadbed advise`: which plan fits, by a rubric that every team can read and change."""
