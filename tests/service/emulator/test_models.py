"""Models: on both surfaces."""

from __future__ import annotations

from tests.service.emulator.timing import timed


def test_models_of_the_two_surfaces() -> None:
    classic, v1 = timed()[0], timed("v1")[0]
    assert "created_at" in classic.get("/models/gpt-4o-2024-08-06").json()
    assert v1.get("/models/conf-chat").json()["id"] == "gpt-4o-2024-08-06"
    assert {"created", "owned_by"} <= set(v1.get("/models/whisper").json())
    assert classic.get("/models/nobody").status == 404
    names = [one["id"] for one in classic.get("/models").json()["data"]]
    assert names == sorted(set(names)) and "whisper" in names
