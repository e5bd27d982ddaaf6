"""The plaintext driver: PLAIN, LOGIN and whatever else sends its data in the clear (chapter 34)."""

from __future__ import annotations

from ..config.model import Driver
from ..lists import split_list
from .exchange import Exchange, Outcome, decoded


def server(exchange: Exchange, driver: Driver, initial: str) -> Outcome:
    """Take the client's strings, separated by NUL, and those that server_prompts ask for; then server_condition decides."""
    from ..expansion import expand

    prompts_text = driver.options.get("server_prompts")
    prompts = split_list(expand(exchange.p, str(prompts_text))) if prompts_text is not None else []
    if initial:
        for value in (decoded(initial) if initial != "=" else "").split("\0"):
            exchange.add(value)
    else:
        first = prompts.pop(0) if prompts else ""
        for value in exchange.challenge(first).split("\0"):
            exchange.add(value)
        prompts = ["", *prompts] if not prompts_text else [first, *prompts]
    for prompt in prompts[len(exchange.values):]:
        for value in exchange.challenge(prompt).split("\0"):
            exchange.add(value)
    return exchange.check(str(driver.options.get("server_condition") or ""))
