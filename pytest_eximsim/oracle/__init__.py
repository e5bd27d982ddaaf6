"""The real Exim beside the simulator: the same scenarios on a binary, and what the two do differently.

Imported only where it is asked for.
"""
