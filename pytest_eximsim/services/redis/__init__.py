"""The Redis that `${lookup redis{…}}` reaches, the same to the scenario whatever stands behind it.

    gate.py        which server a configuration names; passwords, faults; the seam with the MTA (world.Redis)
    providers.py   where the server comes from; `embedded.py`, and real ones: `real.py` with `server.py`, `parts.py`, `ageing.py`, `wire.py`
    commands.py    commands and replies as a scenario writes them
    resp.py        the server's side of the protocol, for a real Exim
"""
