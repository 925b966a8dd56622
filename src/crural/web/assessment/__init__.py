"""The desk: a record as it is entered, what follows from it, saving, and files to take along.

`draft` holds what has been entered, `drafts` the desks of everybody, `painting` what painted places
mean; `pages`, `entering`, `keeping` and `exports` are the routes, `forms` and `shown` what they
read and show.
"""
