"""Founders, moderators and voiced members: how to become one, and who may appoint one."""

from __future__ import annotations

from conftest import Chat, Worker
from staff import MoodyArchive, back, everybody_reads, founder, guest, member, operator, restarted


def test_who_founds_a_room_may_appoint_moderators_and_dismiss_them(chat: Chat) -> None:
    bob, carol, eve = member(chat, "bob"), member(chat, "carol"), guest(chat, "eve")
    ann = founder(chat, "ann", bob, carol, eve)
    assert ann.send("/op bob") == ["* ann made bob a moderator of #tea."]
    assert bob.read() == ["* ann made bob a moderator of #tea."]
    assert bob.send("/op carol") == ["* bob made carol a moderator of #tea."]
    assert bob.send("/deop ann")[0].startswith("* ann is the founder. Transfer the room first")
    assert bob.send("/deop carol") == ["* bob made carol a regular member of #tea."]
    assert carol.read()[-1] == "* bob made carol a regular member of #tea."
    assert carol.send("/deop bob") == ["* Only moderators of #tea can do that."]
    assert ann.send("/room")[0] == "* Rules of #tea. Founder: ann. Moderators: bob."
    assert ann.send("/deop bob") == ["* ann made bob a regular member of #tea."]
    bob.read()
    assert bob.send("/kick eve") == ["* Only moderators of #tea can do that."]


def test_roles_are_refused_with_a_sentence(chat: Chat) -> None:
    bob, eve = member(chat, "bob"), guest(chat, "eve")
    ann = founder(chat, "ann", bob, eve)
    ann.send("/op bob")
    everybody_reads(bob, eve)
    for act in ("op", "deop", "voice", "devoice"):
        assert eve.send(f"/{act} bob") == ["* Only moderators of #tea can do that."]
        assert ann.send(f"/{act} nobody") == ["* No user named nobody is online."]
        assert ann.send(f"/{act}")[0].startswith(f"* Usage: /{act} name")
    assert eve.send("/transfer eve") == ["* Only the founder of #tea can do that."]
    assert eve.send("/invite bob") == ["* bob is already in #tea."]
    assert ann.send("/op bob") == ["* bob is already a moderator of #tea."]
    assert bob.send("/deop ann") == [
        "* ann is the founder. Transfer the room first: /transfer name"
    ]
    assert ann.send("/deop eve") == ["* eve is not a moderator of #tea. To see roles: /room"]
    assert bob.send("/transfer bob") == ["* Only the founder of #tea can do that."]
    assert ann.send("/transfer eve") == [
        "* eve is a guest and must register first: /register password"
    ]
    assert ann.send("/transfer ann") == ["* ann is already the founder of #tea."]
    assert ann.send("/invite bob") == ["* bob is already in #tea."]
    assert ann.send("/invite nobody") == ["* No user named nobody is online."]


def test_a_founder_makes_somebody_else_the_founder(chat: Chat) -> None:
    bob = member(chat, "bob")
    ann = founder(chat, "ann", bob)
    assert ann.send("/transfer bob") == ["* ann made bob the founder of #tea."]
    assert bob.read() == ["* ann made bob the founder of #tea."]
    assert bob.send("/room")[0] == "* Rules of #tea. Founder: bob. Moderators: ann."
    assert ann.send("/transfer ann") == ["* Only the founder of #tea can do that."]
    assert bob.send("/deop ann") == ["* bob made ann a regular member of #tea."]


def test_two_transfers_at_once_make_one_founder() -> None:
    archive = MoodyArchive()
    chat = Chat(archive)
    bob, carol = member(chat, "bob"), member(chat, "carol")
    second = founder(chat, "ann", bob, carol)
    first = back(chat, "ann")
    first.send("/room #tea")
    archive.worker = Worker()
    first.send("/transfer bob")
    assert second.send("/transfer carol") == ["* Only the founder of #tea can do that."]
    archive.worker.work()
    archive.worker = None
    assert bob.send("/room")[0] == "* Rules of #tea. Founder: bob. Moderators: ann."


def test_a_role_given_while_its_owner_leaves_does_not_bring_them_back() -> None:
    archive = MoodyArchive()
    chat = Chat(archive)
    bob = member(chat, "bob")
    ann = founder(chat, "ann", bob)
    archive.worker = Worker()
    ann.send("/op bob")
    bob.send("/leave #tea")
    archive.worker.work()
    archive.worker = None
    bob.hang_up()
    bob = back(restarted(chat), "bob")
    assert "#tea" not in "".join(bob.read())
    bob.send("/join #tea")
    assert bob.send("/set slow 5s") == ["* bob set slow in #tea: 5 s"]


def test_a_role_is_not_taken_back_from_an_account_that_is_gone() -> None:
    archive = MoodyArchive()
    chat = Chat(archive)
    bob = member(chat, "bob")
    ann = founder(chat, "ann", bob)
    account = chat.hub.accounts.find("bob")
    assert account is not None
    archive.worker = Worker()
    ann.send("/op bob")
    chat.hub.membership.forget(chat.hub.directory.rooms["#tea"].roster[account.id])
    archive.fails = True
    archive.worker.step()
    assert ann.read() == ["* The disk is full."]
    assert chat.hub.membership.get("#tea", account.id) is None


def test_roles_outlive_a_kill_names_and_being_away(chat: Chat) -> None:
    bob, carol = member(chat, "bob"), member(chat, "carol")
    ann = founder(chat, "ann", bob)
    ann.send("/op bob", "/voice carol", "/set moderated on")
    bob.send("/nick robert")
    ann.send("/deop robert", "/op robert")
    chat.clock.advance(1.5)  # when changes that are stored later are stored too
    ann.send("/transfer robert")
    killed = Chat(chat.archive)
    carol, bob = back(killed, "carol"), back(killed, "bob")
    carol.send("/join #tea", "/room #tea")
    assert carol.send("hello") == []
    assert bob.send("/room #tea", "/room")[1] == ("* Rules of #tea. Founder: bob. Moderators: ann.")


def test_somebody_who_is_elsewhere_is_told_of_their_role(chat: Chat) -> None:
    bob = member(chat, "bob")
    ann, op = founder(chat), operator(chat)
    everybody_reads(bob)
    ann.send("/op bob")
    assert bob.read() == ["* ann made bob a moderator of #tea."]
    op.send("/join #tea")
    assert op.send("/transfer bob")[0] == "* op made bob the founder of #tea."
    assert bob.read() == ["* op made bob the founder of #tea."]


def test_only_the_founder_decides_how_long_lines_are_kept(chat: Chat) -> None:
    bob = member(chat, "bob")
    ann = founder(chat, "ann", bob)
    ann.send("/op bob")
    assert bob.send("/set keep 1h") == ["* Only the founder of #tea can do that."]
    assert bob.send("/set slow 1s") == ["* bob set slow in #tea: 1 s"]
    assert ann.send("/set keep 1h") == ["* ann set keep in #tea: 1 h"]
