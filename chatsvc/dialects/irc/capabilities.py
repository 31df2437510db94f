"""What is supported, as data: capabilities, their tags, and ISUPPORT.

IRCv3 "Capability Negotiation", "Message Tags"; the Modern IRC Client Protocol, "RPL_ISUPPORT".
"""

from __future__ import annotations

from collections.abc import Mapping

from chatsvc.model.origins import LONGEST_USER
from chatsvc.model.text_rules import LONGEST_WORDS

CAPABILITIES = {  # each with its value, which clients of version 302 receive
    "account-notify": "",
    "account-tag": "",
    "away-notify": "",
    "batch": "",
    "cap-notify": "",
    "chghost": "",
    "draft/account-registration": "",  # whose value depends on the settings
    "draft/channel-rename": "",
    "draft/chathistory": "",
    "draft/event-playback": "",
    "draft/extended-isupport": "",
    "draft/message-redaction": "",
    "draft/metadata-3": "",  # whose value has the limits
    "draft/multiline": "max-bytes=4096,max-lines=100",
    "draft/pre-away": "",
    "draft/read-marker": "",
    "draft/search": "",
    "echo-message": "",
    "extended-join": "",
    "extended-monitor": "",
    "invite-notify": "",
    "labeled-response": "",
    "message-tags": "",
    "multi-prefix": "",
    "no-implicit-names": "",
    "sasl": "",  # whose value depends on the connection
    "server-time": "",
    "setname": "",
    "standard-replies": "",
    "userhost-in-names": "",
}
_TAGS = {"time": "server-time", "account": "account-tag", "batch": "batch"}
MULTILINE = frozenset(("batch", "draft/multiline"))  # required for messages with several lines
CONCAT = "draft/multiline-concat"  # the tag of a message that continues the one before
OF_LINES = MULTILINE.union(_TAGS.values(), ("message-tags",))  # on which the text of a line depends

OF_EVENTS = frozenset((*_TAGS.values(), "message-tags")) - {"batch"}  # tags of users' events

MOST_MONITORED = "100"

KEYLEN = 64  # characters of a channel's key

ISUPPORT = (
    "ACCOUNTEXTBAN=a", f"AWAYLEN={LONGEST_WORDS}", "BOT=B", "CASEMAPPING=rfc7613",
    "CHANLIMIT=#:50", "CHANMODES=beI,k,l,Cimnst", "CHANNELLEN=32", "CHANTYPES=#", "CHATHISTORY=500",
    "ELIST=CMNTU", "EXCEPTS=e", "EXTBAN=$,am", "INVEX=I", f"KEYLEN={KEYLEN}",
    f"KICKLEN={LONGEST_WORDS}", "MAXLIST=beI:500", "MODES=20", f"MONITOR={MOST_MONITORED}",
    "MSGREFTYPES=msgid,timestamp", f"NAMELEN={LONGEST_WORDS}", "NICKLEN=32", "PREFIX=(qov)~@+",
    "SAFELIST", "STATUSMSG=@",
    "TARGMAX=JOIN:,PART:,PRIVMSG:4,NOTICE:4,TAGMSG:4,KICK:10,NAMES:10,WHOIS:10,WHOWAS:10,MONITOR:",
    f"TOPICLEN={LONGEST_WORDS}", f"USERLEN={LONGEST_USER + 1}", "UTF8ONLY", "WHOX",
)  # fmt: skip


def understood(
    tags: Mapping[str, str | None], capabilities: frozenset[str]
) -> dict[str, str | None]:
    """Return the tags of a message that a client with these capabilities understands."""
    return {
        tag: value for tag, value in tags.items() if _TAGS.get(tag, "message-tags") in capabilities
    }
