"""Reports of a run: HTML, JUnit XML, markdown and results.json, all rendered from the run alone."""
