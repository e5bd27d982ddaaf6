"""From the bytes of a configuration file to logical lines: macros, comments, continuation, `.include`, `.ifdef` (specification chapter 6).

Options, sections and values are not known here. Rules:

    physical line   macros are replaced first, everywhere but in the name of a definition at the start of a logical line
    # first         the whole physical line is a comment, also inside a continued line
    .ifdef …        acts on physical lines; true when a macro was replaced in the line
    \\ last          the line goes on; leading blanks of the next one are dropped; a blank line ends it
    begin NAME      ends a section: next() gives None and `section` has the name
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ...errors import ConfigError, Position
from ..release import Release
from ..world import Files
from . import debian
from .model import Macro

BLANKS = " \t\n\v\f\r"
MACRO_NAME_MAX = 63
NESTING_MAX = 10
SECTION_NAME_MAX = 22
#: Limits of the simulator, where Exim goes on until it has no memory or no files left.
INCLUDES_MAX = 5000
GROWTH_MAX = 32 << 20

DEFINITION = re.compile(r"[A-Z][A-Za-z0-9_]*[ \t\n\v\f\r]*=")
MACRO_START = re.compile(r"_?[A-Z]")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
DIRECTIVE = re.compile(r"\.(ifdef|ifndef|elifdef|elifndef|else|endif)")
INCLUDE = re.compile(r"\.include(_if_exists)?[ \t\n\v\f\r]")

# State of a conditional: 0 reading, 1 skipping until .else or .endif, 2 skipping until .endif.
# Each directive names two columns of the table: a macro was replaced in its line, or none was.
READING = 0
NEXT_STATE = ((0, 1, 2, 2), (2, 2, 0, 1), (2, 2, 2, 2))
COLUMNS = {"ifdef": (0, 1), "ifndef": (1, 0), "elifdef": (2, 3), "elifndef": (3, 2), "else": (2, 2)}


@dataclass(frozen=True, slots=True)
class Line:
    """A logical line without outer blanks. `position` is that of its last physical line, which is the one that Exim's errors name.

    `text` is empty where a macro is defined inside an `acl` section: a definition ends an ACL.
    """

    text: str
    position: Position


@dataclass(slots=True)
class _File:
    name: str
    lines: list[str]
    number: int = 0
    origins: list[debian.Origin] | None = None


def failure(message: str, position: Position | None = None, *, numbered: bool = True) -> ConfigError:
    """Exim's `Exim configuration error in line N of FILE:` and the text; without the place where `numbered` is false."""
    where = f" in line {position.line} of {position.file}" if position and numbered else ""
    return ConfigError(message, position, [f"Exim configuration error{where}:", *("  " + t for t in message.split("\n"))])


def command_line_macros(macros: Mapping[str, str]) -> list[Macro]:
    """Macros of -D. ConfigError for a name that does not start with an upper-case letter."""
    for name in macros:
        if not re.match("[A-Z]", name):
            text = "macro name set by -D must start with an upper case letter"
            raise ConfigError(text, None, [f"exim: {text}"])
    return [Macro(name, text.strip(BLANKS), "command line") for name, text in macros.items()]


@dataclass
class Source:
    """The logical lines of a file and all it includes. `replacements` are literal texts to be replaced in every file that is read."""

    files: Files
    path: str
    release: Release
    macros: list[Macro] = field(default_factory=list)           # of the user: -D first, then the file's, in order
    builtin: list[Macro] = field(default_factory=list)
    replacements: Mapping[str, str] = field(default_factory=dict)
    hostname: str = ""
    section: str = ""
    kept: list[str] = field(default_factory=list)               # logical lines for `-bP config`
    _stack: list[_File] = field(default_factory=list)
    _states: list[int] = field(default_factory=list)
    _state: int = READING
    _replaced: set[str] = field(default_factory=set)
    _included: int = 0
    _grown: int = 0                                             # by how many characters macros have made lines longer

    def open(self) -> None:
        """Read the main file, or Debian's folder. ConfigError when it is missing."""
        self.path = debian.find_main(self.files, self.path)
        if debian.is_folder(self.files, self.path):
            origins = debian.assemble(self.files, self.path, self._read, self.hostname)
            self._stack.append(_File(self.path, [o.text for o in origins], 0, origins))
            return
        try:
            self._push(self.path)
        except OSError as error:
            text = f"non-existent configuration file(s): {self.path}"
            if isinstance(error, IsADirectoryError):
                text = f"Exim configuration file {self.path} has the wrong owner, group, or mode"
            raise ConfigError(text, Position(self.path), [text]) from None

    def _read(self, path: str) -> str:
        text = self.files.read(path).decode("latin-1")
        for old, new in self.replacements.items():
            if old in text:
                self._replaced.add(old)
                text = text.replace(old, new)
        return text

    def _push(self, path: str) -> None:
        lines = self._read(path).split("\n")
        if lines and not lines[-1]:
            lines.pop()
        self._stack.append(_File(path, lines))

    @property
    def position(self) -> Position:
        """The physical line that was read last."""
        top = self._stack[-1] if self._stack else _File(self.path, [])
        if top.origins and top.number:
            origin = top.origins[top.number - 1]
            return Position(origin.file, origin.line)
        return Position(top.name, top.number)

    @property
    def unused_replacements(self) -> list[str]:
        """Texts that occurred nowhere."""
        return [old for old in self.replacements if old not in self._replaced]

    def error(self, message: str, *, numbered: bool = True) -> ConfigError:
        return failure(message, self.position, numbered=numbered)

    # --- physical lines ------------------------------------------------------------------------

    def _next_physical(self) -> str | None:
        """The next physical line, or None at the end of the main file; ends of included files are passed."""
        while True:
            top = self._stack[-1]
            if top.number < len(top.lines):
                text = top.lines[top.number]
                top.number += 1
                return text.partition("\0")[0] if "\0" in text else text
            if len(self._stack) == 1:
                return None
            self._stack.pop()

    def replace_macros(self, text: str, starts: bool) -> tuple[str, bool]:
        """Text with every macro replaced, and whether there was one. `starts`: the text starts a logical line."""
        start = 0
        if starts and "A" <= text[:1] <= "Z" and (definition := DEFINITION.match(text)):
            start = definition.end() - 1
        first = MACRO_START.search(text, start)
        if first is None:
            return text, False
        found = False
        start = first.start()
        head, tail = text[:start], text[start:]
        for macro in (*self.builtin, *self.macros) if tail[0] == "_" else self.macros:
            if macro.name in tail:
                self._grown += max(tail.count(macro.name) * (len(macro.text) - len(macro.name)), 0)
                if self._grown > GROWTH_MAX:
                    raise self.error(f"macros make more than {GROWTH_MAX >> 20}M of text (limit of the simulator)")
                tail = tail.replace(macro.name, macro.text)
                found = True
        return head + tail, found

    def _conditional(self, text: str, found: bool) -> bool:
        """Act on `.ifdef` and its kin; false when the line is none of them."""
        match = DIRECTIVE.match(text)
        if match is None:
            return False
        name = match[1]
        if text[match.end():match.end() + 1] not in ("", " ", "\t", "\n"):
            return True
        if name in ("ifdef", "ifndef"):
            if len(self._states) >= NESTING_MAX:
                raise self.error(f".{name} nested too deeply")
            self._states.append(self._state)
        elif not self._states:
            raise self.error(f".{name} without matching .ifdef")
        if name == "endif":
            self._state = self._states.pop()
        else:
            self._state = NEXT_STATE[self._state][COLUMNS[name][0 if found else 1]]
        return True

    def _include(self, text: str, match: re.Match[str]) -> None:
        name = text[match.end():].strip(BLANKS)
        if name[:1] == '"' and name[-1:] == '"':
            name = name[1:-1]
        optional = match[1] is not None
        if name[:1] != "/":
            if optional or not self.release.relative_includes:
                raise self.error(f'.include specifies a non-absolute path "{name}"')
            name = f"{self.path.rpartition('/')[0]}/{name}"
        if any(f.name == name for f in self._stack) and len(self._stack) > 100:
            raise self.error(f"failed to open included configuration file {name}")
        self._included += 1
        if self._included > INCLUDES_MAX:
            raise self.error(f"more than {INCLUDES_MAX} files are included (limit of the simulator)")
        try:
            self._push(name)
        except FileNotFoundError:
            if not optional:
                raise self.error(f"failed to open included configuration file {name}") from None
        except IsADirectoryError:
            return                                              # fopen() takes it, there is nothing to read (case CONFIG-004)
        except OSError:
            raise self.error(f"failed to open included configuration file {name}") from None

    # --- logical lines -------------------------------------------------------------------------

    def next(self) -> Line | None:
        """The next logical line; None at the end of the file or at `begin NAME`, whose name is then in `section`."""
        self.section = ""
        text = self._next_logical()
        if text is None:
            return None
        if text[:6].lower() == "begin ":
            self.section = text[6:].strip(BLANKS)[:SECTION_NAME_MAX]
            self.kept.append(text)
            return None
        self.kept.append(text)
        return Line(text, self.position)

    def _next_logical(self) -> str | None:
        parts: list[str] = []
        while True:
            text = self._next_physical()
            if text is None:
                if self._states:
                    raise self.error("Unexpected end of configuration file: .endif missing")
                return "".join(parts) or None
            text = text.lstrip(BLANKS)
            if not text:
                if whole := "".join(parts).rstrip(BLANKS):
                    return whole
                parts = []
                continue
            text, found = self.replace_macros(text, not parts)
            text = text.lstrip(BLANKS)
            first = text[:1]
            if first == "#" or (first == "." and self._conditional(text, found)) or self._state != READING:
                continue
            if first == "." and (include := INCLUDE.match(text + "\n")):
                self._include(text, include)
                continue
            text = text.rstrip(BLANKS)
            if text[-1:] == "\\":
                parts.append(text[:-1])
                continue
            text = "".join((*parts, text)).rstrip(BLANKS) if parts else text
            if text:
                return text

    # --- macros --------------------------------------------------------------------------------

    def define(self, text: str) -> None:
        """`NAME = text` or `NAME == text`. ConfigError with Exim's texts."""
        match = re.match(r"[A-Za-z0-9_]*", text)
        assert match is not None
        name = match[0]
        if len(name) > MACRO_NAME_MAX:
            raise self.error(f"macro name too long (maximum is {MACRO_NAME_MAX} characters)")
        rest = text[match.end():].lstrip(BLANKS)
        if rest[:1] != "=":
            raise self.error("malformed macro definition" + (f' "{name}"' if self.release.names_malformed_macro else ""))
        again = rest[1:2] == "="
        value = rest[2 if again else 1:].lstrip(BLANKS)
        for index, macro in enumerate(self.macros):
            if macro.name == name:
                if macro.where == "command line":
                    return
                if not again:
                    raise self.error(f'macro "{name}" is already defined (use "==" if you want to redefine it'
                                     + self.release.macro_twice_ending, numbered=False)
                self.macros[index] = Macro(name, value, "file")
                return
            if len(macro.name) < len(name) and macro.name in name:
                raise self.error(f'"{name}" cannot be defined as a macro because previously defined macro "{macro.name}" is a substring',
                                 numbered=False)
        if again:
            raise self.error(f'can\'t redefine an undefined macro "{name}"', numbered=False)
        self.macros.append(Macro(name, value, "file"))


def is_definition(text: str) -> bool:
    """Does a logical line of a driver or ACL section define a macro?"""
    return DEFINITION.match(text) is not None
