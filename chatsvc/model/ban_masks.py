"""What people write to say whom a ban is about: names, patterns, accounts, addresses, IRC's masks.

`label` puts all of them into the four forms in which bans are kept: `eve`, `name=ev*`,
`account=eve`, `ip=192.0.2.0/24`.  What could never match anybody is refused.
"""

from __future__ import annotations

import fnmatch
import re
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network

from chatsvc.model.events import Refused
from chatsvc.model.text_rules import LONGEST_NAME, are_of_names, key

USER = "chat"  # everybody's, as IRC clients are shown it
HOST = "people/"  # what everybody's host begins with there, before the name

Network = IPv4Network | IPv6Network

_MASK = re.compile(r"([^!@]*)(?:!([^!@]*))?@([^!@]*)|([^!@]*)!([^!@]*)")
_PART_OF_ADDRESS = re.compile(r"((?:[0-9]{1,3}\.){1,3})\*(?:\.\*)*")
_LIKE_ADDRESS = re.compile(r"[0-9.*?/]*[.:/][0-9.*?/]*|[0-9a-fA-F:*?]*:[0-9a-fA-F:.*?/]*")
_FORMS = (
    "Use a name (eve), a pattern (ev*, or ev*!*@*), account=eve, or an address or network"
    " (192.0.2.7, 192.0.2.0/24, *!*@192.0.2.7)."
)


def is_pattern(name: str) -> bool:
    """Return whether it has wildcards: * for any characters, ? for one."""
    return "*" in name or "?" in name


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return what matches keys of names; many stars take no longer than few."""
    return re.compile(fnmatch.translate(key(pattern).replace("[", "[[]")))


def fits(pattern: str, name: str) -> bool:
    return compiled(pattern).match(key(name)) is not None


def is_mask(word: str) -> bool:
    """Return whether IRC clients write it to name people: `nick!user@host`, `$a:account`."""
    whole = _MASK.fullmatch(word)
    return word.startswith("$a:") or (whole is not None and bool(whole[2]))


def label(word: str) -> str:
    """Return one of the forms in which bans are kept; refuse what can never match."""
    kind, equals, value = word.partition("=")
    if word.startswith("$a:"):
        return _account(word[3:], word)
    if "!" in word or "@" in word:
        return _of_mask(word)
    if equals and kind == "name":
        return _name(value, word)
    if equals and kind == "account":
        return _account(value, word)
    if equals and kind == "ip":
        return _address(value)
    if as_network(word) is not None or (_LIKE_ADDRESS.fullmatch(word) and not word.isdecimal()):
        return _address(word)
    return _name(word, word) if is_pattern(word) else _bare(word)


def _of_mask(mask: str) -> str:
    parts = _MASK.fullmatch(mask)
    if parts is None:
        raise _never(mask)
    nick = (parts[1] if parts[2] is not None else parts[4]) or "*"
    user = (parts[2] if parts[2] is not None else parts[1] or parts[5]) or "*"
    host = parts[3] or "*"
    if not fits(user, USER):
        raise Refused("bad-mask", f"No user part can be {user}: it is always {USER}. {_FORMS}")
    return _of_parts(nick, host, mask)


def _of_parts(nick: str, host: str, mask: str) -> str:
    if not host.strip("*"):
        return _name(nick, mask)
    if host.startswith(HOST):
        return _of_both(nick, host.removeprefix(HOST) or "*", mask)
    if as_network(host) is None and not _LIKE_ADDRESS.fullmatch(host):
        raise Refused("bad-mask", f"No host can be {host}: hosts are {HOST} and the name. {_FORMS}")
    if nick.strip("*"):
        raise Refused("bad-mask", "Give a name or an address in a mask, not both.")
    return _address(host)


def _of_both(nick: str, host: str, mask: str) -> str:
    """Everybody's host has their name, so that both patterns are about the name."""
    if not nick.strip("*"):
        return _name(host, mask) if is_pattern(host) else _bare(host)
    if fits(nick, host):
        return _name(host, mask) if is_pattern(host) else _bare(host)
    if fits(host, nick):
        return _name(nick, mask)
    raise _never(mask)


def _name(name: str, written: str) -> str:
    """A name or a pattern of names, of people who need not be here."""
    literal = name.replace("*", "").replace("?", "")
    if name and not literal:
        raise Refused(
            "bad-mask",
            f"{written} matches everybody. To let only registered users join: /lockdown on",
        )
    if not are_of_names(literal) or len(name.replace("*", "")) > LONGEST_NAME:
        raise _never(written)
    return f"name={name}"


def _bare(name: str) -> str:
    if not are_of_names(name) or len(name) > LONGEST_NAME:
        raise _never(name)
    return name


def _account(name: str, written: str) -> str:
    if not are_of_names(name):
        raise _never(written)
    return f"account={name}"


def _address(text: str) -> str:
    """An address, a network, or the beginning of an IPv4 address: 192.0.2.*"""
    beginning = _PART_OF_ADDRESS.fullmatch(text)
    if beginning is not None:
        parts = beginning[1].count(".")
        text = f"{beginning[1]}{'.'.join('0' * (4 - parts))}/{8 * parts}"
    network = as_network(text)
    if network is None:
        raise Refused(
            "bad-address",
            f"{text} is not an address. Use an address such"
            " as 192.0.2.7, or a network such as 10.0.0.0/8.",
        )
    return f"ip={network}"


def as_network(text: str) -> str | None:
    """Return an address or CIDR as it is written shortest; None for anything else."""
    try:
        if text.isdecimal():  # which `ipaddress` reads as an address, and people as a number
            return None
        network = ip_network(text, strict=False)
    except ValueError:
        return None
    network = _unmapped(network)
    one = network.prefixlen == network.max_prefixlen
    return str(network.network_address if one else network)


def _unmapped(network: Network) -> Network:
    """The IPv4 network that an IPv6 one stands for, if it does; people have these addresses."""
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is None or network.prefixlen < 96:
        return network
    return ip_network(f"{mapped}/{network.prefixlen - 96}")


def _never(written: str) -> Refused:
    return Refused("bad-mask", f"{written} can never match anybody. {_FORMS}")
