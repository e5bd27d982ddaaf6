"""`show stat` and syslog lines."""

import pytest

from pytest_eximsim.services.haproxy.statistics import read_log_line, read_statistics

STATISTICS = """\
# pxname,svname,qcur,scur,stot,status,type,check_status,check_code,last_chk,
smtp,FRONTEND,,1,7,OPEN,0,,,,
mx,mx1,0,1,5,UP,2,L7OK,220,,
mx,mx2,2,0,0,DOWN,2,* L4CON,,Connection refused,
mx,mx3,0,0,0,no check,2,,,,
mx,BACKEND,0,1,5,UP,1,,,,
"""


def test_states() -> None:
    states = read_statistics(STATISTICS)
    assert {name: str(state) for name, state in states.items()} == {"mx/mx1": "UP L7OK 220", "mx/mx2": "DOWN L4CON", "mx/mx3": "no check"}
    assert (states["mx/mx1"].sessions, states["mx/mx1"].current, states["mx/mx2"].queued) == (5, 1, 2)


@pytest.mark.parametrize(("datagram", "line"), [
    (b"<134>Nov 24 16:00:01 haproxy[12]: 198.51.100.7:40001 [24/Nov/2026] smtp be/mx1 1/0/5 300 -- 1/1/1/1/0 0/0\n",
     "198.51.100.7:40001 [24/Nov/2026] smtp be/mx1 1/0/5 300 -- 1/1/1/1/0 0/0"),
    (b"<134>Nov  4 16:00:01 lb1 haproxy[12]: text", "text"),
    (b"<134>Nov  4 16:00:01 haproxy: text", "text"),
    (b"<134>1 2026-11-24T16:00:01.123456+00:00 lb1 haproxy 12 - - text", "text"),
    (b"<134>text", "text"),
    (b"text: more", "text: more"),
    (b"<14>Nov 24 16:00:01 haproxy[12]: \xff", "\xff"),
])
def test_log_lines(datagram: bytes, line: str) -> None:
    assert read_log_line(datagram) == line
