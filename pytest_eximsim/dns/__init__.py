"""The scenario's DNS: `zone.py` holds the records, `resolver.py` answers the MTA, `server.py` answers other programs."""

from .resolver import ZoneResolver
from .zone import Zone

__all__ = ["Zone", "ZoneResolver"]
