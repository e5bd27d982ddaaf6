"""The dialogue of a session (`smtp: |`) as a list of lines with their places. Parsing only: who talks is `steps/conversation.py`.

    C: text            the client sends the text and CRLF          tls [sni=NAME] [verify=yes] [min=1.2] | tls <fails>
    C! a\\r\\nb\\x00     just these bytes                            auth plain|login|cram-md5 USER SECRET
    C< FILE            a file as message data, then `.`            wait 3.5s
    S: 250, S: 250 OK  a whole reply                               close, abort
    S: 250-x … S: 250  a reply line by line; `S: ...` skips        S~ REGEX   S+ TEXT   S- TEXT
    S: <eof> <reset> <refused> <nothing> 2s                        # comment

Consecutive `S: NNN-` lines are joined to one Reply. Everything else is one line, one value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..errors import Position
from .patterns import Pattern
from .schema import Binding, meant
from .values import duration
from .yamltree import Scalar


@dataclass(frozen=True)
class Line:
    """Base of all lines; `text` is what stands in the file."""

    text: str
    position: Position = field(compare=False)


@dataclass(frozen=True)
class Say(Line):
    """The client sends these bytes; with `raw` as a TCP segment of its own."""

    data: bytes = b""
    raw: bool = False


@dataclass(frozen=True)
class SendFile(Line):
    """The client sends a file as message data."""

    file: str = ""


@dataclass(frozen=True)
class Reply(Line):
    """A whole reply: patterns on its lines (code and all); None stands for any lines between.

    `listed`: all lines are given, else the last.
    """

    code: str = ""
    lines: tuple[Pattern | None, ...] = ()
    listed: bool = False


@dataclass(frozen=True)
class Raw(Line):
    """A line that is no SMTP reply."""

    pattern: Pattern = Pattern("")


@dataclass(frozen=True)
class ReplyRegex(Line):
    """A whole reply whose last line this regular expression finds."""

    expression: str = ""


@dataclass(frozen=True)
class Has(Line):
    """The reply just read has (or has not) a line with this text behind its code."""

    pattern: Pattern = Pattern("")
    wanted: bool = True


@dataclass(frozen=True)
class End(Line):
    """`how` is "eof", "reset" or "refused"."""

    how: str = ""


@dataclass(frozen=True)
class Silence(Line):
    seconds: float = 0.0


@dataclass(frozen=True)
class StartTls(Line):
    sni: str = ""
    verify: bool = False
    least: str = ""
    fails: bool = False


@dataclass(frozen=True)
class Authenticate(Line):
    mechanism: str = "plain"
    user: str = ""
    secret: str = ""


@dataclass(frozen=True)
class Pause(Line):
    seconds: float = 0.0


@dataclass(frozen=True)
class Leave(Line):
    """The client closes, or resets (`abort`)."""

    abort: bool = False


_WORDS = ("C:", "C!", "C<", "S:", "S~", "S+", "S-", "tls", "auth", "wait", "close", "abort", "#")
_ANGLES = ("<eof>", "<reset>", "<refused>", "<nothing>")
_CODE = re.compile(r"([\d?]{3})(?:([ -])(.*))?\Z", re.S)
_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|.)", re.S)
_ESCAPES = {
    b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v",
    b"\\": b"\\", b'"': b'"', b"'": b"'",
}


class _Wrong(ValueError):
    """What is wrong with one line."""


def parse(node: Scalar, binding: Binding) -> tuple[Line, ...]:
    """The lines of a dialogue; mistakes go to the binding with the places of their lines."""
    if node.style == ">":
        binding.error(node.position, "a folded text (`>`) joins the lines of a dialogue; write `smtp: |`")
        return ()
    lines: list[Line] = []
    texts = node.text.removesuffix("\n").split("\n")
    for index, text in enumerate(texts):
        position = node.line_position(index) if len(texts) > 1 or node.style == "|" else node.position
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        try:
            made = _line(text, position, lines)
        except _Wrong as wrong:
            binding.error(position, str(wrong))
            continue
        if made is not None:
            lines.append(made)
    _check_order(lines, binding)
    return tuple(lines)


def _line(text: str, position: Position, before: list[Line]) -> Line | None:
    word, rest = text[:2], text[2:]
    if word in ("C:", "C!", "C<", "S:", "S~", "S+", "S-"):
        if rest and not rest.startswith(" "):
            raise _Wrong(f"a blank is missing behind `{word}`")
        rest = rest[1:]
        match word:
            case "C:":
                return Say(text, position, rest.encode("utf-8", "surrogateescape") + b"\r\n")
            case "C!":
                return Say(text, position, unescape(rest), raw=True)
            case "C<":
                return SendFile(text, position, _needed(rest.strip(), "a file's name behind `C<`"))
            case "S:":
                return _expected(text, rest, position, before)
            case "S~":
                return ReplyRegex(text, position, _regex(rest))
            case _:
                return Has(text, position, Pattern(rest, position), word == "S+")
    return _action(text, position)


def _needed(text: str, what: str) -> str:
    if not text:
        raise _Wrong(f"{what} is missing")
    return text


def _regex(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise _Wrong(f"no regular expression: {error}") from None
    return text


def unescape(text: str) -> bytes:
    """C escapes: \\r \\n \\t \\0 \\xHH \\\\ and octal; everything else UTF-8."""

    def one(match: re.Match[bytes]) -> bytes:
        code = match[1]
        if code[:1] == b"x" and len(code) == 3:
            return bytes([int(code[1:], 16)])
        if code[:1] in b"01234567":
            return bytes([int(code, 8) & 255])
        if code not in _ESCAPES:
            raise _Wrong(f"unknown escape `\\{code.decode('utf-8', 'replace')}` in `C!`; a backslash itself is `\\\\`")
        return _ESCAPES[code]

    return _ESCAPE.sub(one, text.encode("utf-8", "surrogateescape"))


def _expected(text: str, rest: str, position: Position, before: list[Line]) -> Line | None:
    if rest.startswith("<") and (word := rest.split()[0].split(">")[0] + ">") and re.match(r"<[a-z]+>", rest):
        return _angle(text, word, rest[len(word):].strip(), position)
    last = before[-1] if before else None
    open_reply = last if isinstance(last, Reply) and last.listed and not _complete(last) else None
    if rest == "...":
        return _joined(open_reply, before, text, position, None, "")
    code = _CODE.match(rest)
    if code is None:
        if open_reply is not None:
            raise _Wrong("a line of a multi-line reply begins with its code")
        return Raw(text, position, Pattern(rest, position))
    if open_reply is not None and open_reply.code and open_reply.code != code[1]:
        if code[2] != "-":
            _joined(open_reply, before, text, position, Pattern(rest, position), open_reply.code)
        raise _Wrong(f"code {code[1]} in a reply that began with {open_reply.code}")
    if code[2] == "-" or open_reply is not None:
        return _joined(open_reply, before, text, position, Pattern(rest, position), code[1])
    return Reply(text, position, code[1], (Pattern(rest, position),))


def _complete(reply: Reply) -> bool:
    last = reply.lines[-1]
    return last is not None and last.text[3:4] != "-"


def _joined(reply: Reply | None, before: list[Line], text: str, position: Position, pattern: Pattern | None, code: str) -> Line | None:
    """Put one more line into the reply that is still open, or begin one."""
    if reply is None:
        return Reply(text, position, code, (pattern,), listed=True)
    before[-1] = Reply(reply.text, reply.position, reply.code or code, (*reply.lines, pattern), listed=True)
    return None


def _angle(text: str, word: str, rest: str, position: Position) -> Line:
    if word not in _ANGLES:
        raise _Wrong(f"unknown word `{word}` behind `S:`; {meant(word, _ANGLES)}")
    if word == "<nothing>":
        return Silence(text, position, _seconds(rest))
    if rest:
        raise _Wrong(f"`{rest}` behind `{word}`: nothing may follow")
    return End(text, position, word[1:-1])


def _seconds(text: str) -> float:
    try:
        return duration(_needed(text, "a time, as 2s,"))
    except _Wrong:
        raise
    except ValueError as error:
        raise _Wrong(str(error)) from None


def _action(text: str, position: Position) -> Line:
    words = text.split()
    match words[0]:
        case "wait":
            return Pause(text, position, _seconds(" ".join(words[1:])))
        case "close" | "abort" as word:
            if len(words) > 1:
                raise _Wrong(f"`{words[1]}` behind `{word}`: nothing may follow")
            return Leave(text, position, word == "abort")
        case "tls":
            return _tls(text, words[1:], position)
        case "auth":
            return _auth(text, position)
        case word:
            raise _Wrong(f"`{word}` begins no line of a dialogue; {meant(word, _WORDS, ' ')}")


def _tls(text: str, words: Sequence[str], position: Position) -> Line:
    if list(words) == ["<fails>"]:
        return StartTls(text, position, fails=True)
    sni, verify, least, fails = "", False, "", False
    for word in words:
        name, _, value = word.partition("=")
        if word == "<fails>":
            fails = True
        elif name == "sni" and value:
            sni = value
        elif name == "verify" and value in ("yes", "no"):
            verify = value == "yes"
        elif name == "min" and value in ("1.0", "1.1", "1.2", "1.3"):
            least = value
        else:
            raise _Wrong(f"`{word}` behind `tls`; expected sni=NAME, verify=yes, min=1.2 or <fails>")
    return StartTls(text, position, sni, verify, least, fails)


def _auth(text: str, position: Position) -> Line:
    words = text.split(None, 3)
    if len(words) < 4:
        raise _Wrong("expected `auth plain USER SECRET`")
    if words[1].lower() not in ("plain", "login", "cram-md5"):
        raise _Wrong(f"`{words[1]}` is no mechanism of `auth`; expected plain, login or cram-md5")
    return Authenticate(text, position, words[1].lower(), words[2], words[3])


def _check_order(lines: Sequence[Line], binding: Binding) -> None:
    """Replies without an end, S+ and S- without a reply, lines behind the end."""
    reply_read, ended = False, ""
    for line in lines:
        if ended:
            binding.error(line.position, f"a line behind `{ended}`: the connection has ended there")
            break
        match line:
            case Reply():
                reply_read = True
                if line.listed and not _complete(line):
                    what = "`S: ...`" if line.lines[-1] is None else f"`S: {line.code}-` lines"
                    binding.error(line.position, f"{what} need an `S: {line.code or 'NNN'} ` line as their end")
            case ReplyRegex():
                reply_read = True
            case Has():
                if not reply_read:
                    binding.error(line.position, f"`{line.text[:2]}` with no reply before it")
            case Leave():
                ended = line.text
            case End():
                ended = f"S: <{line.how}>"
            case _:
                pass

