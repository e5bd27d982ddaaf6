"""Variables of the time: $tod_…"""

from __future__ import annotations

from ... import tod
from ..registry import Variable

VARIABLES = (
    Variable("tod_bsdinbox", lambda p: tod.bsd_inbox(p.world.clock.now(), tod.zone(p))),
    Variable("tod_epoch", lambda p: str(int(p.world.clock.now()))),
    Variable("tod_epoch_l", lambda p: tod.epoch_long(p.world.clock.now())),
    Variable("tod_full", lambda p: tod.rfc2822(p.world.clock.now(), tod.zone(p))),
    Variable("tod_log", lambda p: tod.log_stamp(p.world.clock.now(), tod.zone(p))),
    Variable("tod_logfile", lambda p: tod.log_file(p.world.clock.now(), tod.zone(p))),
    Variable("tod_zone", lambda p: tod.offset(p.world.clock.now(), tod.zone(p))),
    Variable("tod_zulu", lambda p: tod.zulu(p.world.clock.now())),
)
