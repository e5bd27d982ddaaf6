"""The words behind the slashes of `verify = sender/…`: defer_ok, callout=… and the others (Exim chapters 44.46 and 44.47)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ... import durations
from ...expansion.splitting import split

CALLOUT_SECONDS = 30
_FLAGS = ("defer_ok", "no_cache", "random", "use_sender", "use_postmaster", "postmaster_mailfrom", "postmaster", "fullpostmaster",
          "mailfrom", "maxwait", "connect", "hold")
_WITH_VALUE = ("postmaster_mailfrom", "mailfrom", "maxwait", "connect")


class OptionError(ValueError):
    """What Exim says of a wrong option."""


@dataclass(slots=True)
class Options:
    """`callout` is its timeout in seconds, 0 without callout; `postmaster`: the sender for that check, None without it."""

    defer_ok: bool = False
    no_details: bool = False
    success_on_redirect: bool = False
    callout: int = 0
    callout_defer_ok: bool = False
    overall: int = 0
    connect: int = 0
    no_cache: bool = False
    random: bool = False
    use_sender: bool = False
    use_postmaster: bool = False
    postmaster: str | None = None
    full_postmaster: bool = False
    sender: str = ""                    # mailfrom= of header_sender

    def finish(self) -> None:
        """The defaults that depend on the timeout."""
        self.overall = self.overall or 4 * self.callout
        self.connect = self.connect or self.callout


def read_options(words: Iterable[str], argument: str, *, header: bool) -> Options:
    """The options in order. `argument` is the whole value of the condition, for errors. Raises OptionError."""
    options = Options()
    for word in words:
        lower = word.lower()
        if lower == "defer_ok":
            options.defer_ok = True
        elif lower == "no_details":
            options.no_details = True
        elif lower == "success_on_redirect":
            options.success_on_redirect = True
        elif lower == "callout_defer_ok":
            options.callout_defer_ok = True
            options.callout = options.callout or CALLOUT_SECONDS
        elif lower == "check_postmaster":
            options.postmaster = ""
            options.callout = options.callout or CALLOUT_SECONDS
        elif lower.startswith("callout"):
            _callout(options, word[7:], argument, header)
        else:
            raise OptionError(f'unknown option "{word}" in ACL condition "verify {argument}"')
    if options.use_sender and options.use_postmaster:
        raise OptionError("only one of use_sender and use_postmaster can be set for a recipient callout")
    options.finish()
    return options


def _callout(options: Options, rest: str, argument: str, header: bool) -> None:
    options.callout = CALLOUT_SECONDS
    if not rest:
        return
    rest = rest.lstrip()
    if not rest.startswith("="):
        raise OptionError(f"'=' expected after \"callout\" in ACL condition \"{argument}\"")
    for word in split("<," + rest[1:])[1]:
        _sub_option(options, word, argument, header)


def _sub_option(options: Options, word: str, argument: str, header: bool) -> None:
    name = next((name for name in _FLAGS if word.lower().startswith(name)), "")
    value = word
    if name in _WITH_VALUE:
        value = word[len(name):].lstrip()
        if not value.startswith("="):
            raise OptionError(f"'=' expected after \"{name}\" in ACL verify condition \"{argument}\"")
        value = value[1:].lstrip()
    match name:
        case "defer_ok":
            options.callout_defer_ok = True
        case "no_cache" | "random" | "use_sender" | "use_postmaster":
            setattr(options, name, True)
        case "postmaster":
            options.postmaster = ""
        case "fullpostmaster":
            options.postmaster, options.full_postmaster = "", True
        case "postmaster_mailfrom":
            options.postmaster = value
        case "mailfrom":
            if not header:
                raise OptionError('"mailfrom" is allowed as a callout option only for verify=header_sender '
                                  f'(detected in ACL condition "{argument}")')
            options.sender = value
        case "maxwait":
            options.overall = _time(value, argument)
        case "connect":
            options.connect = _time(value, argument)
        case "hold":
            pass                                # the connection would be kept for a later recipient: each has its own here
        case _:
            options.callout = _time(value, argument)


def _time(value: str, argument: str) -> int:
    seconds = durations.read(value)
    if seconds is None:
        raise OptionError(f'bad time value in ACL condition "verify {argument}"')
    return seconds
