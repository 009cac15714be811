#!/usr/bin/env python3
"""Writes time_zones.txt: local times as the C library writes them, for values of TZ that need no zone file.

    python crates/config/tests/goldens/time_zones.py > crates/config/tests/goldens/time_zones.txt

A line is `TZ TAB seconds since the epoch TAB local time`. The test that reads it is in src/time_zone.rs.
"""
import os
import time

ZONES = """
UTC0
UTC
GMT0
JST-9
:JST-9
:UTC0
<+05>-5
<-03>3
XXX+3
XXX-24
IST-5:30
NPT-5:45
ABC-12:34:56
CET-1CEST,M3.5.0,M10.5.0/3
CET-1CEST-2:30,M3.5.0,M10.5.0/3
EST5EDT
MST7MDT6
AAA0BBB-1
EST5EDT,M3.2.0,M11.1.0
EST5EDT4,M3.2.0/2:00:00,M11.1.0/2
NZST-12NZDT,M9.5.0,M4.1.0/3
WGT3WGST,M3.5.0/-2,M10.5.0/-1
XXX3YYY,J60,J300
XXX3YYY,59/0,300

Nowhere/City
garbage
ab1
EST
1234
<A>1
""".split("\n")[1:-1]

os.environ["TZDIR"] = "/nonexistent"
for zone in ZONES:
    os.environ["TZ"] = zone
    time.tzset()
    for seconds in (0, 1767225600, 1775000000, 1783000000, 1793000000, 1796097600):
        print(zone, seconds, time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds)), sep="\t")
