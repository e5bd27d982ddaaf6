"""What `expect:` can hold: one function a key, one table (`registry.py`). Each gives the Failures; nothing raises for a difference."""
