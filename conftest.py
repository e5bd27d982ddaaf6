"""Nothing here but what the whole suite needs: with EXIMSIM_REQUIRE=all a skip for a missing program is a failure (tests/conftest.py)."""
