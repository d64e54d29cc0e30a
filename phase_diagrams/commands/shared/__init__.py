"""What the verbs share; each verb imports from here and from no other verb.

`door`: verbs are imported when they are asked for, errors become sentences and exit codes; `options`: how
values are written, and options of several verbs; `asking`: from names and numbers to a theory; `printing`:
tables, JSON, numbers with their errors, progress; `drawing`: diagrams and images, computed, stored and drawn;
`machines`: machines and their data in files; `citation`: BibTeX.
"""
