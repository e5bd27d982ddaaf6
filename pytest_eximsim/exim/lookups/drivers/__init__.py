"""One file a lookup type, under its own name in Exim; each has `find`, and `open…` and `quote` where the type needs them."""
