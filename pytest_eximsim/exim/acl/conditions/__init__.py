"""What the conditions of ACLs test (Exim chapter 44.25): one subject a module. Which names there are is in ../registry.py.

    matching.py   one thing against a list or a truth value     nested.py     acl =
    dnslists.py   DNS lists                                     ratelimit.py  how often
    scanning.py   spam, malware: what the scenario says         seen.py       was this here before?
"""
