"""Variables: the table of all names, in the order of their subjects. `lookup.py` finds one for the parser.

A variable whose subject is of a later phase (DKIM results, a delivery's host …) is known everywhere and empty outside that phase.
"""

from __future__ import annotations

from . import addresses, clock, configuration, connection, message, scratch

VARIABLES = tuple(sorted(
    (*addresses.VARIABLES, *clock.VARIABLES, *configuration.VARIABLES, *connection.VARIABLES, *message.VARIABLES, *scratch.VARIABLES),
    key=lambda variable: variable.name,
))
