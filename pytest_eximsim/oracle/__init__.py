"""The real Exim beside the simulator: the same scenarios on a binary, what the two do differently, and scenario files made to expect it.

Imported only where it is asked for.
"""
