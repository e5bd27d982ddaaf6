"""When an ACL runs: Exim's words for it, the default reply code, and sets of phases as bits (chapter 44.2). No behaviour."""

from __future__ import annotations

from enum import Enum


class Phase(Enum):
    """One moment of a session that has an ACL. `words` as in Exim's texts, `code` of a refusal, `bit` for sets of phases."""

    RCPT = ("RCPT", "550", 1 << 0)
    MAIL = ("MAIL", "550", 1 << 1)
    PREDATA = ("PREDATA", "550", 1 << 2)
    MIME = ("MIME", "550", 1 << 3)
    DKIM = ("DKIM", "550", 1 << 4)
    DATA = ("DATA", "550", 1 << 5)
    PRDR = ("PRDR", "550", 1 << 6)
    NOTSMTP = ("non-SMTP", "0", 1 << 7)
    AUTH = ("AUTH", "503", 1 << 8)
    CONNECT = ("connection", "550", 1 << 9)
    ETRN = ("ETRN", "458", 1 << 10)
    EXPN = ("EXPN", "550", 1 << 11)
    HELO = ("EHLO or HELO", "550", 1 << 12)
    MAILAUTH = ("MAILAUTH", "0", 1 << 13)
    NOTSMTP_START = ("non-SMTP-start", "0", 1 << 14)
    NOTQUIT = ("NOTQUIT", "0", 1 << 15)
    QUIT = ("QUIT", "0", 1 << 16)
    STARTTLS = ("STARTTLS", "550", 1 << 17)
    VRFY = ("VRFY", "252", 1 << 18)
    UNKNOWN = ("unknown", "0", 1 << 19)     # ${acl…} outside ACLs

    def __init__(self, words: str, code: str, bit: int) -> None:
        self.words = words
        self.code = code
        self.bit = bit

    @property
    def for_message(self) -> bool:
        """Does it belong to a message, so that header lines can be added?"""
        return self.bit <= Phase.NOTSMTP.bit


ALL = (1 << 20) - 1


def phases(names: str) -> int:
    """`"MAIL RCPT"` → the set of these phases."""
    return sum(Phase[name].bit for name in names.split())


def all_but(names: str) -> int:
    """Every phase but these."""
    return ALL & ~phases(names)
