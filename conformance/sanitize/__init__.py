"""What keeps secrets, customers' names and noise out of everything that is written (design section
8).

Pure: values in, values out; nothing here opens a file but :mod:`conformance.sanitize.files`, which
only reads.
"""
