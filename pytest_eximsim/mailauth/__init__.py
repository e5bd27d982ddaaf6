"""Who may send: SPF and DMARC as functions of facts about a connection or message and a Resolver. Know no Exim.

    spf.py      evaluation of a domain's record          spf_record.py spf_macros.py     the record's grammar, `%{…}`
    dmarc.py    record, alignment, outcome               dmarc_record.py suffixes.py     the record's tags, organizational domains
"""
