"""Items, ${name{…}…}: the table. What they do is in the modules beside; their syntax is in parser_items.py."""

from __future__ import annotations

from ..registry import Item
from . import branching, calling, listing, outside, signing, strings

ITEMS = (
    Item("acl", calling.acl, maximum=10),
    Item("authresults", calling.authresults, since="4.96"),
    Item("certextract", branching.certextract, "certextract", since="4.96"),
    Item("dlfunc", outside.dlfunc, minimum=2, maximum=10),
    Item("env", branching.env, "env", since="4.96"),
    Item("extract", branching.extract, "extract", checked_until="4.82+", scan=branching.scan_extract),
    Item("filter", listing.select, "each", scan=listing.scan_each),
    Item("hash", strings.hash_item, minimum=2, maximum=3, checked_until="4.96"),
    Item("hmac", strings.hmac_item, minimum=3, maximum=3, checked_until="4.82+"),
    Item("if", branching.conditional, "if"),
    Item("imapfolder", strings.imapfolder, maximum=3, since="4.96", checked_until="*"),
    Item("length", strings.length_item, minimum=2, maximum=2, checked_until="4.96"),
    Item("listextract", branching.listextract, "fields", maximum=2, since="4.96", checked_until="4.96", scan=branching.scan_listextract),
    Item("listquote", strings.listquote, minimum=2, maximum=2, since="4.96"),
    Item("lookup", branching.lookup, "lookup", checked_until="4.82+", scan=branching.scan_lookup),
    Item("map", listing.transform, "each", scan=listing.scan_each),
    Item("nhash", strings.nhash_item, minimum=2, maximum=3, checked_until="4.96"),
    Item("perl", outside.perl, maximum=9),
    Item("prvs", signing.prvs, minimum=2, maximum=3),
    Item("prvscheck", signing.prvscheck, "prvscheck"),
    Item("readfile", outside.readfile, maximum=2),
    Item("readsocket", outside.readsocket, "readsocket", checked_until="4.82+", scan=outside.scan_readsocket),
    Item("reduce", listing.reduce, "each", scan=listing.scan_each),
    Item("run", branching.run, "run"),
    Item("sg", strings.substitute, minimum=3, maximum=3, checked_until="4.96"),
    Item("sort", listing.sort, "sort", since="4.96", checked_until="*", scan=listing.scan_sort),
    Item("srs_encode", signing.srs_encode, minimum=3, maximum=3, since="4.96"),
    Item("substr", strings.substr_item, minimum=2, maximum=3, checked_until="4.96"),
    Item("tr", strings.translate, minimum=3, maximum=3, checked_until="4.96"),
)
