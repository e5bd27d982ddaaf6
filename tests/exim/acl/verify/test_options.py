"""The words behind the slashes, one a line: what they set, and what Exim says of wrong ones."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from pytest_eximsim.exim.acl.verify.options import OptionError, Options, read_options

DEFAULT = {"callout": 30, "overall": 120, "connect": 30}


@pytest.mark.parametrize(("words", "changed"), [
    ([], {}),
    (["defer_ok"], {"defer_ok": True}),
    (["NO_DETAILS", "success_on_redirect"], {"no_details": True, "success_on_redirect": True}),
    (["callout"], DEFAULT),
    (["callout = 5s"], {"callout": 5, "overall": 20, "connect": 5}),
    (["callout=1m,maxwait=2m,connect=3s"], {"callout": 60, "overall": 120, "connect": 3}),
    (["callout=use_sender,no_cache,random"], {**DEFAULT, "use_sender": True, "no_cache": True, "random": True}),
    (["callout=defer_ok"], {**DEFAULT, "callout_defer_ok": True}),
    (["callout=postmaster"], {**DEFAULT, "postmaster": ""}),
    (["callout=fullpostmaster"], {**DEFAULT, "postmaster": "", "full_postmaster": True}),
    (["callout=postmaster_mailfrom = a@b"], {**DEFAULT, "postmaster": "a@b"}),
    (["callout_defer_ok"], {**DEFAULT, "callout_defer_ok": True}),
    (["check_postmaster"], {**DEFAULT, "postmaster": ""}),
    (["callout=30s", "callout=5s"], {"callout": 5, "overall": 20, "connect": 5}),
])
def test_read(words: list[str], changed: dict[str, Any]) -> None:
    assert asdict(read_options(words, "x", header=False)) == {**asdict(Options()), **changed}


def test_mailfrom_belongs_to_header_sender() -> None:
    assert read_options(["callout=mailfrom=a@b"], "x", header=True).sender == "a@b"


@pytest.mark.parametrize(("word", "said"), [
    ("nosuch", 'unknown option "nosuch" in ACL condition "verify A"'),
    ("callout 5s", "'=' expected after \"callout\" in ACL condition \"A\""),
    ("callout=x", 'bad time value in ACL condition "verify A"'),
    ("callout=maxwait", "'=' expected after \"maxwait\" in ACL verify condition \"A\""),
    ("callout=maxwait=x", 'bad time value in ACL condition "verify A"'),
    ("callout=mailfrom=a@b", '"mailfrom" is allowed as a callout option only for verify=header_sender (detected in ACL condition "A")'),
    ("callout=use_sender,use_postmaster", "only one of use_sender and use_postmaster can be set for a recipient callout"),
])
def test_wrong(word: str, said: str) -> None:
    with pytest.raises(OptionError) as caught:
        read_options([word], "A", header=False)
    assert str(caught.value) == said
