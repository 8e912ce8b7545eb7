"""What all tests share: the corpus of the runner is data here, never scenarios of this session."""

from __future__ import annotations

pytest_plugins = ["pytester"]

collect_ignore_glob = ["corpus/suite/*", "corpus/must-*"]
