"""Who a ban affects: masks as values, and what people write: names, patterns, addresses …

`label` puts what people write into five forms, one mask each: `eve`, `name=ev*`, `account=eve`,
`host=people-eve`, `ip=192.0.2.0/24`; or into an IRC mask, `*!~eve@*`.  It refuses what could never
match anybody, except after `mask=`: IRC clients set any mask.  A ban is stored as the masks that
its labels stood for when it was made: there, an account is its id, and `client=` is one connection.
No other module writes or parses these forms.
"""

from __future__ import annotations

import fnmatch
import re
from contextlib import suppress
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

from chatsvc.model.origins import HOST, is_host
from chatsvc.model.rate_limits import MOST_ADDRESSES, bare
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import LONGEST_NAME, are_of_names, key

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NAME, ACCOUNT, ADDRESS, CLIENT = "name", "account", "ip", "client"  # the kinds, as they are stored
MASK = "mask"  # an IRC mask with more than a name or a host, stored as it is: `*!~eve@*`
AT = "host"  # in labels only: means the user with that host
_ADDRESSES = re.compile(rf"\b{ADDRESS}=[^\s]*[^\s:]")


class BanMask(NamedTuple):
    """A mark by which a ban recognizes users; without a kind, a name as people write it."""

    kind: str
    value: str

    @classmethod
    def parse(cls, text: str) -> BanMask:
        """Parse a mask in its stored form."""
        kind, equals, value = text.partition("=")
        if equals and kind in (NAME, ACCOUNT, ADDRESS, CLIENT, AT):
            return cls(kind, value)
        return cls(MASK if "!" in text else "", text)

    @classmethod
    def of_name(cls, name: str) -> BanMask:
        """Return the mask that matches a name, or a pattern of names, in any spelling."""
        return cls(NAME, key(name))

    @classmethod
    def of_origin(cls, mask: str) -> BanMask:
        """Return the mask that matches `nick!user@host`, or a pattern of these, in any spelling."""
        return cls(MASK, key(mask))

    @classmethod
    def of_account(cls, account: str) -> BanMask:
        """Return the mask of an account: its id, or in a label its name."""
        return cls(ACCOUNT, account)

    @classmethod
    def of_future_account(cls, name: str) -> BanMask:
        """Return the mask of an account that is not registered yet; no id begins like this."""
        return cls(ACCOUNT, f"~{key(name)}")

    @classmethod
    def of_address(cls, network: str) -> BanMask:
        """Return the mask of an address or a network."""
        return cls(ADDRESS, network)

    @classmethod
    def of_client(cls, client: str) -> BanMask:
        """Return the mask of one client, by its secret."""
        return cls(CLIENT, client)

    def __str__(self) -> str:
        """Return the mask in its stored form, which is also what people write."""
        return self.value if self.kind in ("", MASK) else f"{self.kind}={self.value}"

    @property
    def is_pattern(self) -> bool:
        """Whether it matches more than one name, or more than one user's `nick!user@host`."""
        return self.kind in (NAME, MASK) and is_pattern(self.value)

    @property
    def is_of_everybody(self) -> bool:
        """Whether it matches everybody: `*!*@*`."""
        return self.kind == MASK and fits(self.value, f"\0!~\0@{HOST}\0")

    @property
    def is_of_address(self) -> bool:
        """Whether it matches addresses."""
        return self.kind == ADDRESS

    @property
    def way(self) -> str:
        """What it recognizes people by, in a word for people."""
        return {CLIENT: "connection", ADDRESS: "address"}.get(self.kind, self.kind)

    def matches(self, other: BanMask) -> bool:
        """Return whether it equals the other mask, or is a pattern that matches it."""
        if self.is_pattern and other.kind == self.kind:
            return fits(self.value, other.value)
        return self == other

    def contains(self, address: str) -> bool:
        """Return whether an address is in the mask's network."""
        where = parsed_address(address) if self.is_of_address else None
        return where is not None and where in network_of(self.value)


LONGEST_MASK = 160  # characters of a mask that is compared with `nick!user@host`

_MASK = re.compile(r"([^!@]*)(?:!([^!@]*))?@([^!@]*)|([^!@]*)!([^!@]*)")
_WHOLE = re.compile(r"([^!@\s]+)![^!@\s]+@([^!@\s]+)")
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
    """Return a matcher for keys of names; many stars take no longer than few."""
    return re.compile(fnmatch.translate(key(pattern).replace("[", "[[]")))


def fits(pattern: str, name: str) -> bool:
    """Return whether a mask matches."""
    return compiled(pattern).match(key(name)) is not None


@lru_cache(maxsize=MOST_ADDRESSES)
def parsed_address(address: str) -> Address | None:
    """Return an address as a number; None for a connection without one."""
    usual = bare(address)
    return ip_address(usual) if usual else None


@lru_cache(maxsize=1024)
def network_of(text: str) -> Network:
    """Return the network of a mask's value."""
    return ip_network(text)


def is_mask(word: str) -> bool:
    """Return whether IRC clients write users this way: `nick!user@host`, `$a:account`."""
    whole = _MASK.fullmatch(word)
    return word.startswith("$a:") or (whole is not None and bool(whole[2]))


def is_written_mask(word: str) -> bool:
    """Return whether a word can only be a mask: `ip=10.0.0.0/8`, `ev*!*@*`, an address."""
    kind = BanMask.parse(word).kind
    return kind in (NAME, ACCOUNT, ADDRESS, AT) or is_mask(word) or as_network(word) is not None


def labelled(who: str) -> str:
    """Return what people wrote to name users, each word in its form."""
    return " ".join(map(label, who.split()))


def labelled_before(who: str) -> str:
    """Return the same for existing bans, which may be older than the rules about masks."""
    return " ".join(map(_label_if_any, who.split()))


def _label_if_any(word: str) -> str:
    with suppress(Refused):
        return label(word)
    return word


def without_addresses(text: str) -> str:
    """Return a label, or an act with one in it, for users who may not see addresses."""
    return _ADDRESSES.sub("address", text)


def label(word: str) -> str:
    """Return one of the forms in which bans are stored; refuse what can never match."""
    kind, value = BanMask.parse(word)
    if word.startswith("$a:"):
        return _account(word[3:], word)
    if word.startswith(f"{MASK}="):
        return _of_anybody(word.removeprefix(f"{MASK}="))
    if "!" in word or "@" in word:
        return _of_mask(word)
    if kind == NAME:
        return _name(value, word)
    if kind == ACCOUNT:
        return _account(value, word)
    if kind == ADDRESS:
        return _address(value)
    if kind == AT:
        return _of_parts("*", value, word)
    if as_network(word) is not None or (_LIKE_ADDRESS.fullmatch(word) and not word.isdecimal()):
        return _address(word)
    return _name(word, word) if is_pattern(word) else _bare(word)


def _of_anybody(mask: str) -> str:
    """Parse a whole `nick!user@host` as it is, even if nobody here can be shown like this."""
    parts = _WHOLE.fullmatch(mask)
    name = parts[1].replace("*", "").replace("?", "") if parts else "!"
    if parts is None or (name and not are_of_names(name)) or len(mask) > LONGEST_MASK:
        raise _never(mask)
    return _of_mask(mask) if _LIKE_ADDRESS.fullmatch(parts[2]) else mask


def _of_mask(mask: str) -> str:
    parts = _MASK.fullmatch(mask)
    if parts is None:
        raise _never(mask)
    nick = (parts[1] if parts[2] is not None else parts[4]) or "*"
    user = (parts[2] if parts[2] is not None else parts[1] or parts[5]) or "*"
    host = parts[3] or "*"
    if not mask.strip("!@"):
        raise _never(mask)
    if is_host(host):  # which one user has
        return str(BanMask(AT, host))
    if user.strip("*") or not (nick + host).strip("*"):
        return _of_origin(nick, user, host, mask)
    return _of_parts(nick, host, mask)


def _of_origin(nick: str, user: str, host: str, written: str) -> str:
    """Parse a mask that is compared with `nick!user@host`, as IRC clients are shown users."""
    names = f"{nick}{user.removeprefix('~')}".replace("*", "").replace("?", "")
    starts_wrong = user[0] not in "~*?"
    if starts_wrong or (names and not are_of_names(names)) or len(written) > LONGEST_MASK:
        raise _never(written)
    if not is_pattern(host) and not is_host(host):
        raise _no_host(host)
    return str(BanMask(MASK, f"{nick}!{user}@{host}"))


def _of_parts(nick: str, host: str, mask: str) -> str:
    if not host.strip("*"):
        return _name(nick, mask)
    if host.startswith(HOST):
        return _of_host(nick, host, mask)
    if as_network(host) is None and not _LIKE_ADDRESS.fullmatch(host):
        raise _no_host(host)
    if nick.strip("*"):
        raise Refused("bad-mask", "Give a name or an address in a mask, not both.")
    return _address(host)


def _of_host(nick: str, host: str, mask: str) -> str:
    """Parse a host, which one user has, or a pattern of hosts."""
    if is_pattern(host):
        return _of_origin(nick, "*", host, mask)
    if not is_host(host):
        raise _never(mask)
    return str(BanMask(AT, host))


def _name(name: str, written: str) -> str:
    """Parse a name or a pattern of names, of users who need not be online."""
    literal = name.replace("*", "").replace("?", "")
    if name and not literal:
        raise Refused(
            "bad-mask",
            f"{written} matches everybody. To let only registered users join: /lockdown on",
        )
    if not are_of_names(literal) or len(name.replace("*", "")) > LONGEST_NAME:
        raise _never(written)
    return str(BanMask(NAME, name))


def _bare(name: str) -> str:
    if not are_of_names(name) or len(name) > LONGEST_NAME:
        raise _never(name)
    return name


def _account(name: str, written: str) -> str:
    if not are_of_names(name):
        raise _never(written)
    return str(BanMask.of_account(name))


def _address(text: str) -> str:
    """Parse an address, a network, or the beginning of an IPv4 address: 192.0.2.*"""
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
    return str(BanMask.of_address(network))


def as_network(text: str) -> str | None:
    """Return an address or CIDR in its shortest form; None for anything else."""
    try:
        if text.isdecimal():  # `ipaddress` reads it as an address, but people write it as a number
            return None
        network = ip_network(text, strict=False)
    except ValueError:
        return None
    network = _unmapped(network)
    one = network.prefixlen == network.max_prefixlen
    return str(network.network_address if one else network)


def _unmapped(network: Network) -> Network:
    """Return the IPv4 network that an IPv6 one maps, if it does; users have these addresses."""
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is None or network.prefixlen < 96:
        return network
    return ip_network(f"{mapped}/{network.prefixlen - 96}")


def _no_host(host: str) -> Refused:
    return Refused("bad-mask", f"No host can be {host}: hosts begin with {HOST}. {_FORMS}")


def _never(written: str) -> Refused:
    return Refused("bad-mask", f"{written} can never match anybody. {_FORMS}")
