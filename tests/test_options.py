"""The command-line options."""

from __future__ import annotations

import resource
import socket
from pathlib import Path

import pytest
from twisted.python.usage import UsageError

from chatsvc import __version__
from chatsvc.model.rate_limits import Limits, Rate
from chatsvc.model.sts import STSPolicy
from chatsvc.options.example import settings
from chatsvc.store.location import Database
from chatsvc.tap import Options
from chatsvc.transports.languages import NAMES


def options(*arguments: str) -> Options:
    chosen = Options()
    chosen.parseOptions(list(arguments))
    return chosen


def test_without_options_everybody_is_served_and_what_is_said_is_kept() -> None:
    chosen = options()
    assert chosen["port"] == 13531
    assert chosen["archive"] == Path("chat.db")
    assert chosen["name"] == "chatsvc"
    assert (chosen["motd"], chosen["password"]) == ("", None)
    assert chosen["show-history"] == 20
    assert not chosen["show-messages"]
    assert not chosen["stop-when-empty"]
    assert not chosen["leave-on-empty-line"]
    (endpoint,) = chosen["endpoints"]
    assert ":13531:" in endpoint
    everywhere = "tcp6:13531:interface=\\:\\:" if socket.has_dualstack_ipv6() else "tcp:13531"
    assert endpoint.startswith(everywhere)


def test_as_many_are_served_as_the_process_may_have_files() -> None:
    assert 0 < options()["max-clients"] < 1_000_000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert soft == hard
    assert options()["max-clients"] <= hard
    assert options("--max-clients", "7")["max-clients"] == 7


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--port", "many"),
        ("--port", ""),
        ("--port", "-1"),
        ("--port", "65536"),
        ("--port", "1.5"),
        ("--port", "\u00b2"),
        ("--port", "99999999999999999999"),
        ("--port", "000000000070000"),
        ("--interface", "nowhere"),
        ("--interface", "1.2.3"),
        ("--interface", "1.2.3.256"),
        ("--interface", "::g"),
        ("--interface", "127.0.0.1:80"),
        ("--listen", "nonsense:1"),
        ("--listen", "tcp:http:"),
        ("--listen", "tcp"),
        ("--listen", "tcp:70000"),
        ("--listen", ""),
        ("--keep", "yesterday"),
        ("--keep", "forever"),
        ("--keep-private", "90"),
        ("--max-archive", "5"),
        ("--max-archive", "0G"),
        ("--max-archive", "5X"),
        ("--archive", "chat.db"),
        ("--archive", "sqlite:"),
        ("--archive", "memory"),
        ("--archive", "memory:x"),
        ("--archive", "mysql:x"),
        ("--archive", "service="),
        ("--archive", "service=a b"),
        ("--archive", ""),
        ("--name", ""),
        ("--name", "  "),
        ("--name", "x" * 500),
        ("--motd", "/no/such/file"),
        ("--motd", "/"),
        ("--password-file", "/no/such/file"),
        ("--max-clients", "0"),
        ("--max-clients", "all"),
        ("--max-clients", "1000001"),
        ("--show-history", "-1"),
        ("--show-history", "10001"),
        ("--show-history", "all"),
        ("--slow-reader-limit", "0"),
        ("--slow-reader-limit", "soon"),
        ("--work", "100"),
        ("--work", "0/5"),
        ("--flood", ""),
        ("--flood", "8"),
        ("--flood", "/2"),
        ("--flood", "8/"),
        ("--flood", "0/2"),
        ("--flood", "8/0"),
        ("--flood", "8/0.0"),
        ("--flood", "8/-1"),
        ("--flood", "8/inf"),
        ("--flood", "8/1e3"),
        ("--flood", "8/2000000"),
        ("--flood", "8/2/1"),
        ("--flood", "no"),
        ("--per-address", "0"),
        ("--per-address", "many"),
        ("--arrivals", "32"),
        ("--arrivals", "32/"),
        ("--arrivals", "0/600"),
        ("--arrivals", "32/0"),
        ("--arrivals", "32/10m"),
        ("--arrivals", "32/600/1"),
        ("--name-within", "0"),
        ("--name-within", "soon"),
        ("--login-attempts", "5"),
        ("--login-attempts", "5/0"),
        ("--login-attempts", "x/300"),
        ("--registrations", "10"),
        ("--registrations", "0/3600"),
        ("--min-password", "0"),
        ("--min-password", "601"),
        ("--description", " "),
        ("--description", "x" * 401),
        ("--speaks", ""),
        ("--speaks", "text,latin"),
        ("--speaks", "tls,http"),
        ("--web-host", "chat.example.org:80"),
        ("--web-host", "http://chat.example.org"),
        ("--web-origin", "chat.example.org"),
        ("--web-origin", "https://chat.example.org/page"),
        ("--cert", "cert.pem"),
        ("--key", "key.pem"),
    ],
)
def test_nonsense_is_refused_in_a_sentence_that_names_the_option(option: str, value: str) -> None:
    with pytest.raises(UsageError) as refused:
        options(option, value)
    sentence = str(refused.value)
    assert option in sentence
    assert sentence.endswith(".")
    assert "Error" not in sentence


def test_by_default_everybody_is_limited() -> None:
    assert options()["limits"] == Limits()
    assert Limits() == Limits(Rate(8, 2.0), 16, 32, 600.0, 60.0, 5, 300.0, 10, 3600.0)


def test_limits_are_chosen_or_off() -> None:
    chosen = ("--flood", "20/0.5", "--per-address", "1", "--arrivals", "9/60")
    more = ("--name-within", "5", "--login-attempts", "3/10", "--registrations", "40/60")
    assert options("--work", "50/2.5")["limits"].work == Rate(50, 2.5)
    assert options("--work", "off")["limits"].work is None
    limits = options(*chosen, *more)["limits"]
    assert limits == Limits(Rate(20, 0.5), 1, 9, 60.0, 5.0, 3, 10.0, 40, 60.0)
    names = ("flood", "per-address", "arrivals", "name-within", "login-attempts", "registrations")
    limits = options(*(word for name in names for word in (f"--{name}", "off")))["limits"]
    assert (limits.flood, limits.per_address, limits.arrivals) == (None, 0, 0)
    assert (limits.name_within, limits.attempts, limits.registrations) == (0, 0, 0)


def test_everything_is_spoken_unless_it_is_chosen() -> None:
    assert {"text", "json", "irc", "tls", "http"} <= set(NAMES) == set(options()["speaks"])
    assert options("--speaks", "tls, json,tls")["speaks"] == ("tls", "json")
    with pytest.raises(UsageError, match=r"^websocket in --speaks requires http\.$"):
        options("--speaks", "json,websocket")
    assert not options()["require-tls"]


def test_names_and_pages_that_are_accepted_are_repeated_or_listed() -> None:
    chosen = options("--web-host", "a.example, B.example", "--web-host", "c.example")["web"]
    assert all(map(chosen.knows, ("a.example", "b.example:1", "C.example")))
    assert not chosen.knows("d.example")
    chosen = options("--web-origin", "https://a.example,http://b.example:8080")["web"]
    assert chosen.trusts("https://a.example:443", "chat", False)
    assert chosen.trusts("http://b.example:8080", "chat", True)
    assert not chosen.trusts("http://a.example", "chat", False)


def test_a_certificate_comes_with_its_key() -> None:
    assert options()["certificate"] is None
    chosen = options("--cert", "cert.pem", "--key", "key.pem")["certificate"]
    assert chosen == (Path("cert.pem"), Path("key.pem"))


@pytest.mark.parametrize("option", [("--require-tls",), ("--cert", "c", "--key", "k")])
def test_where_no_tls_is_spoken_nothing_can_need_it(option: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match=rf"^{option[0]} requires tls in --speaks\.$"):
        options(*option, "--speaks", "text")


CERTIFICATE = ("--cert", "c", "--key", "k")


@pytest.mark.parametrize(
    ("words", "policy"),
    [
        (("--sts", "30d"), STSPolicy(2_592_000, 13531)),
        (("--sts", "30d", "--port", "7000"), STSPolicy(2_592_000, 7000)),
        (("--sts", "5m", "--tls-port", "6697"), STSPolicy(300, 6697)),
        (("--sts", "off"), STSPolicy(0, 13531)),
        ((), None),
    ],
)
def test_how_long_clients_use_only_tls(words: tuple[str, ...], policy: STSPolicy | None) -> None:
    assert options(*words, *CERTIFICATE)["sts"] == policy


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--sts", "30d"), "--sts requires --cert: clients refuse a self-signed certificate."),
        (("--sts", "30", *CERTIFICATE), "--sts must be a duration such as 30d, or off, not '30'."),
        (("--sts", "x", *CERTIFICATE), "--sts must be a duration such as 30d, or off, not 'x'."),
        (("--sts", "1d", "--listen", "unix:s", *CERTIFICATE),
         "--sts requires --tls-port with the number of a port."),
        (("--sts", "1d", "--port", "0", *CERTIFICATE),
         "--sts requires --tls-port with the number of a port."),
    ],
)  # fmt: skip
def test_a_policy_needs_a_certificate_and_a_port(words: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(UsageError) as refused:
        options(*words)
    assert str(refused.value) == sentence


def test_more_clients_than_the_process_may_have_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda which: (1024, 1024))
    assert options("--max-clients", "960")["max-clients"] == 960
    with pytest.raises(
        UsageError, match=r"--max-clients 961 is over the limit of 960 .*ulimit -Hn"
    ):
        options("--max-clients", "961")


@pytest.mark.parametrize("words", [["--portt", "1"], ["extra"], ["--port"]])
def test_unknown_words_are_refused(words: list[str]) -> None:
    with pytest.raises(UsageError):
        options(*words)


@pytest.mark.parametrize(
    ("interface", "endpoint"),
    [
        ("127.0.0.1", "tcp:13531:interface=127.0.0.1:"),
        ("localhost", "tcp:13531:interface=127.0.0.1:"),
        ("::1", "tcp6:13531:interface=\\:\\:1:"),
        ("[::1]", "tcp6:13531:interface=\\:\\:1:"),
        ("fe80::1%lo", "tcp6:13531:interface=fe80\\:\\:1%lo:"),
    ],
)
def test_an_interface_is_an_address(interface: str, endpoint: str) -> None:
    assert options("--interface", interface)["endpoints"][0].startswith(endpoint)


def test_endpoints_take_the_place_of_the_port() -> None:
    listen = ("--listen", "tcp:7000", "-l", "unix:chat.sock")
    assert options(*listen)["endpoints"] == ["tcp:7000", "unix:chat.sock"]


def test_the_archive_is_a_file_or_in_memory() -> None:
    assert options("--archive", "sqlite:/var/lib/chat.db")["archive"] == Path("/var/lib/chat.db")
    assert options("--archive", "memory:")["archive"] is None


DATABASES = ["postgresql://chat@db.example.org/chat", "postgres:///chat", "service=chat"]


@pytest.mark.parametrize("address", DATABASES)
def test_the_archive_is_in_a_database(address: str) -> None:
    chosen = options("--archive", address, "--data", "/var/lib/chat")
    assert chosen["archive"] == Database(address)
    assert chosen["beside"] == Path("/var/lib/chat/chatsvc")


PASSWORDS = [
    "postgresql://chat:geheim@db/chat",
    "postgresql://chat:ge/heim@db/chat",
    "postgresql://chat:ge@heim@db/chat",
    "postgresql://db/chat?user=chat&password=geheim",
]


@pytest.mark.parametrize("address", PASSWORDS)
def test_a_password_of_a_database_is_refused_where_everybody_sees_it(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="Put the password into") as refused:
        options("--archive", address)
    assert "heim" not in str(refused.value)
    monkeypatch.setenv("CHATSVC_ARCHIVE", address)
    chosen = options()
    assert chosen["archive"].address == address
    assert "heim" not in f"{chosen['archive']} {chosen['archive']!r} {[*settings(chosen.given)]}"


@pytest.mark.parametrize("address", PASSWORDS)
def test_a_password_is_not_shown_if_its_address_is_wrong(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATSVC_ARCHIVE", address.replace("postgresql", "mysql"))
    with pytest.raises(UsageError, match="CHATSVC_ARCHIVE must be sqlite:PATH") as refused:
        options()
    assert "heim" not in str(refused.value)


def test_a_message_of_the_day_is_read_from_its_file(tmp_path: Path) -> None:
    motd = tmp_path / "motd"
    motd.write_text("Be kind.\nTea is at five. \u00e9")
    assert options("--motd", str(motd))["motd"] == "Be kind.\nTea is at five. \u00e9"
    motd.write_bytes(b"\xff")
    with pytest.raises(UsageError, match=r"--motd: cannot read .*: invalid UTF-8\."):
        options("--motd", str(motd))


def test_files_from_windows_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"\xef\xbb\xbfsecret\r\nmore\r\n")
    assert options("--password-file", str(file))["password"] == "secret"
    assert options("--motd", str(file))["motd"].splitlines() == ["secret", "more"]


def test_a_password_is_given_or_read_from_the_first_line_of_its_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("sesame\nsecond line")
    assert options("--password", "sesame")["password"] == "sesame"
    assert options("--password-file", str(file))["password"] == "sesame"
    with pytest.raises(UsageError, match="--password or --password-file, not both"):
        options("--password", "sesame", "--password-file", str(file))


@pytest.mark.parametrize("text", ["", "\n", "  \nsesame"])
def test_an_empty_password_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "password"
    file.write_text(text)
    with pytest.raises(UsageError, match="password is empty"):
        options("--password-file", str(file))
    with pytest.raises(UsageError, match="password is empty"):
        options("--password", "")


def test_under_twistd_a_refusal_is_one_sentence_and_no_page_of_options() -> None:
    chosen = Options()
    chosen.parent = object()  # type: ignore[assignment]
    with pytest.raises(SystemExit) as ended:
        chosen.parseOptions(["--port", "x"])
    assert str(ended.value).startswith(
        "twistd chat: --port must be a number from 0 to 65535, not 'x'."
    )


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options("--version")
    assert capsys.readouterr().out == f"chatsvc {__version__}\n"


def test_help_has_every_option() -> None:
    text = str(Options())
    for option in [*Options().synonyms, "listen"]:
        assert f"--{option}" in text or len(option) == 1


def test_retention_is_off_unless_it_is_set() -> None:
    names = ("keep", "keep-private", "max-archive")
    assert [options()[name] for name in names] == [0, 0, 0]
    chosen = options("--keep", "365d", "--keep-private", "12h", "--max-archive", "5G")
    assert [chosen[name] for name in names] == [365 * 86_400, 43_200, 5 << 30]
    assert options("--max-archive", "500m")["max-archive"] == 500 << 20
