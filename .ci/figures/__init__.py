"""The figures of the house: what ``.ci/house.py`` counts, a module for each kind of figure."""
