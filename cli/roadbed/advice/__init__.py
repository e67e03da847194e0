"""`roadbed advise`: which plan fits, decided by a rubric that anybody can read and change."""
