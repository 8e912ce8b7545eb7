"""What keeps secrets, customers' names and noise out of everything that is written.

Pure: values in, values out. Only :mod:`conformance.sanitize.files` opens files, and it only reads.
What is looked for, and what becomes of it: docs/security.md.
"""
