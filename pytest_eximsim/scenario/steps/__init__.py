"""The steps of a scenario: one function a step, one table (`registry.py`). Each takes the Run and the value of its key."""
