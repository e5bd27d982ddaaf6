"""Strings for comparisons with a real Exim: well-formed ones of every item, operator and condition, and the same with faults.

Not among them, since Exim's answer is no matter of the string alone: what earlier strings left ($value, $0 outside what sets them), the
outside (sockets, programs, the DNS), faults of Exim that end its process.
"""

from __future__ import annotations

import random

WORDS = (
    "", "a", "b", "abc", "A", "Abc Def", "x y", "1", "-1", "0", "12", "007", "0x1f", "1K", "2M", "3g", "99999999999999999999", "a.b.c",
    "a@b.test", "<a@b.test>", '"q s"@x.test', "a:b:c", "a::b", "<;a;b", "<, a,b", "10.0.0.1", "10.1.2.3/8", "2001:db8::1",
    "::ffff:1.2.3.4", "2001:db8::1/32", "1.2.3.256", "yes", "no", "true", "FALSE", 'k=v k2="v 2" e=', "k = v", r"\n", r"\t", r"\x41",
    r"\101", r"\$x", r"\}", r"\{", r"\N$x\N", "h\xc3\xa9", "\xe9", "\x01", "{", "a{b", "*", "*.test", "^a", "^(a)(b)?", "(", "[", "(.)",
    r"\N^\d+$\N", r"\\d", "=?utf-8?q?h=C3=A9?=", "YWJj", "616263", "mail.example.net", "1h30m", "1w", "5", "3600", r'"a\"b"', "a/b",
    '[1,2,"x"]', "a,b;c", "%", "_", "+", "#", "|", "~", "!", "1+1", "(1+2)*3", "7/2", "7%3", "1<<3", "~0", "5-", "08", "0777", "1/0",
    "1 + 2", " ", "  a  ", "ab:cd", "postmaster", "@", "@[]", "+local", "!a", "nosuch", "md5", "sha1", "'a'", "a b  c", "a=1 b=2",
    "c:b:a", "10:9:2", "B:a:C", r"<\n a", r"a\nb",
)
VARIABLES = (
    "$sender_address", "$sender_address_domain", "$primary_hostname", "$qualify_domain", "$nosuch", "${nosuch}", "$acl_m_x", "$acl_c0",
    "$acl_x", "$h_subject:", "$h_subject", "$rh_x:", "$header_from:", "$lh_to:", "$local_part", "$domain", "$r_x", "$ ", "$", "$}", "${}",
    "$tls_in_cipher", "$recipients", "$n0",
)
OPERATORS = (
    "address", "addresses", "base32", "base32d", "base62", "base62d", "base64", "base64d", "domain", "escape", "escape8bit", "eval",
    "eval10", "expand", "from_utf8", "hash_3", "hash_3_5", "hash_3_99", "h_2_62", "hash", "hex2b64", "hexquote", "ipv6denorm", "length_3",
    "l_2", "l", "length_x", "lc", "lc_x", "listcount", "listnamed", "listnamed_d", "listnamed_h", "local_part", "mask_n", "md5", "nh_3_4",
    "nhash_5", "quote", "quote_local_part", "quote_pgsql", "quote_mysql", "quote_sqlite", "quote_nosuch", "quote_lsearch", "reverse_ip",
    "rfc2047", "rfc2047d", "rxquote", "s_-2_1", "s_1_2_3", "sha1", "sha2_1", "sha2_512", "sha256", "sha3", "str2b64", "strlen",
    "substr_-3", "substr_1", "substr_1_", "substr__1", "time_eval", "time_interval", "uc", "nosuchop", "utf8_domain_to_alabel",
)
COMPARISONS = (
    "eq", "eqi", "lt", "lti", "le", "lei", "gt", "gti", "ge", "gei", "==", "=", "<", "<=", ">", ">=", "match", "inlist", "inlisti",
    "match_local_part",
)
COMPARATORS = ("<", ">", "<=", ">=", "lt", "gt", "lti", "gei", "eq", "", "x")
ITEMS = (
    "extract", "filter", "hash", "hmac", "imapfolder", "length", "listextract", "listquote", "lookup", "map", "nhash", "reduce", "sg",
    "sort", "substr", "tr", "prvs", "env", "acl",
)
LOOKUPS = ("{%s}lsearch{/nosuch}", "{%s}nosuch{/x}", " passwd{%s}", "{%s}passwd{x}", " lsearch{%s}", "{%s}partial{/x}", "{%s}")


class Generator:
    """Strings from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def string(self, depth: int) -> str:
        text = "".join(self.form(depth) if self.random.random() < 0.8 else self.text(1) for _ in self.some(1, 1, 1, 2))
        if self.random.random() < 0.3:
            text = self.broken(text)
        text = text.strip()[:500].rstrip("\\ ")
        return "x" + text if not text or text[0].isupper() or text[0] in "_@" else text

    def some(self, *numbers: int) -> range:
        return range(self.random.choice(numbers))

    def text(self, depth: int) -> str:
        return "".join(self.part(depth) for _ in self.some(0, 1, 1, 1, 1, 2, 2, 3))

    def part(self, depth: int) -> str:
        way = self.random.random()
        if depth <= 0 or way < 0.45:
            return self.random.choice(WORDS)
        return self.random.choice(VARIABLES) if way < 0.6 else self.form(depth - 1)

    def braced(self, depth: int) -> str:
        return "{" + self.text(depth) + "}"

    def braces(self, depth: int, *numbers: int) -> str:
        return self.blank().join(self.braced(depth) for _ in self.some(*numbers))

    def blank(self) -> str:
        return self.random.choice(("", "", "", "", "", "", "", "", " ", "  "))

    def branches(self, depth: int) -> str:
        way = self.random.random()
        if way < 0.12:
            return self.braced(depth) + self.blank() + "fail"
        if way < 0.2:
            return self.braced(depth) + self.random.choice(("x", "{a}{b}", "{", "{a}fail"))
        return self.braces(depth, 0, 1, 1, 2, 2, 2)

    def condition(self, depth: int) -> str:
        way, sign = self.random.random(), self.random.choice(("", "", "", "", "", "!", "! ", "!!"))
        if way < 0.5:
            return sign + self.random.choice(COMPARISONS) + self.blank() + self.braces(depth, *[2] * 14, 0, 1, 3)
        if way < 0.62:
            return sign + self.random.choice(("isip", "isip4", "isip6", "bool", "bool_lax")) + self.braces(depth, *[1] * 8, 0, 2)
        if way < 0.7:
            return sign + "def:" + self.random.choice(("sender_address", "acl_m_x", "nosuch", "h_subject:", "h_subject", "", "acl_x"))
        if way < 0.85 and depth > 0:
            members = self.blank().join("{" + self.condition(depth - 1) + "}" for _ in self.some(0, 1, 2, 2, 3))
            return sign + self.random.choice(("and", "or")) + self.blank() + "{" + self.blank() + members + self.blank() + "}"
        if way < 0.93 and depth > 0:
            return sign + self.random.choice(("forany", "forall")) + self.braced(depth) + "{" + self.condition(depth - 1) + "}"
        return sign + self.random.choice(("first_delivery", "queue_running", "nosuchcond", "", "1", "radius{a}", "eq{a}{a}"))

    def form(self, depth: int) -> str:
        way = self.random.random()
        end = "}" if self.random.random() < 0.97 else ""
        if way < 0.45:
            return "${" + self.random.choice(OPERATORS) + ":" + self.text(depth) + end
        if way < 0.68:
            return "${if " + self.condition(depth) + self.blank() + self.branches(depth) + self.blank() + end
        return self.item(depth) + end

    def item(self, depth: int) -> str:
        name, choice = self.random.choice(ITEMS), self.random.choice
        match name:
            case "extract":
                return "${extract" + choice(("", "", "", "json", "jsons")) + self.braces(depth, 0, 2, 2, 2, 3, 3, 3) + self.branches(depth)
            case "filter":
                return "${filter" + self.braced(depth) + "{" + self.condition(depth) + "}"
            case "map":
                return "${map" + self.braced(depth) + "{" + choice(("$item", "<$item>", "${uc:$item}")) + "}"
            case "reduce":
                return "${reduce" + self.braced(depth) + "{0}{" + choice(("$value$item", "${eval:$value+$item}")) + "}"
            case "sort":
                return "${sort{" + choice(("3:10:2", "7")) + "}{" + choice(COMPARATORS) + "}{$item}"
            case "listextract":
                return f"${{listextract{{{self.random.randint(-3, 3)}}}" + self.braced(depth) + self.branches(depth)
            case "lookup":
                return "${lookup" + choice(LOOKUPS).replace("%s", self.text(depth)) + self.branches(depth)
            case "env":
                return "${env{NOSUCH}" + self.branches(depth)
            case "hash" | "nhash":
                return f"${{{name}{{3}}{{5}}" + self.braced(depth)
            case "acl":
                return "${acl{nosuch}"
            case _:
                return "${" + name + self.blank() + self.braces(depth, 2, 3, 3, 3, 4)

    def broken(self, text: str) -> str:
        for _ in self.some(1, 1, 2, 3):
            place = self.random.randrange(len(text) + 1)
            put = self.random.choice(("", *"{}$\\:,_-! ()[]\"'/;<>=0a"))
            text = text[:place] + put + text[place + self.random.choice((0, 1)):]
        return text
