"""Reports of a run: HTML pages, JUnit XML and results.json, all made from the run alone."""
