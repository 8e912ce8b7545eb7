"""Drives the Python ``openai`` package, any version from 1.40.

The modules of this package need nothing but the standard library and the SDK, and import one
another relatively. So the adapter runs the same files, as the package ``python``, in environments
where the harness is not installed (adapters/python/adapter.py).
"""
