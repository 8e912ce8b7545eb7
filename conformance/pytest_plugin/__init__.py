"""What the pytest plugin does once a scenario file is met. :mod:`conformance.plugin` loads it only
then."""
