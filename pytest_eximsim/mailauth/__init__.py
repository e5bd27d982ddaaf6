"""Who may send: SPF as a function of facts about a connection and a Resolver. Knows no Exim.

    spf.py          evaluation of a domain's record      spf_record.py     the record's grammar
    spf_macros.py   `%{…}`
"""
