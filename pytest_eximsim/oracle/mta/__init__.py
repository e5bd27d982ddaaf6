"""One real Exim: its binary, its configuration, its daemon, its logs and spool, what it is asked, which servers it reaches."""
