"""Sources that want a login: sent where it belongs and nowhere else, kept sealed, shown never."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import stat
from urllib.parse import urlencode

import pytest
import typer
from typer.testing import CliRunner

from harvester.credentials import CredentialsError, parse
from harvester.fetching import Client, FetchError
from lampway.commands import harvest as harvest_commands
from lampway.commands import sources as source_commands
from schemas.catalogue import Source
from store.secrets import SecretError, seal, unseal

SECRET = "s3cr&t/ä"
app = typer.Typer()
for commands in (source_commands, harvest_commands):
    commands.register(app)


@pytest.fixture
def guarded(oai, serve):
    """A server that answers only who logs in: ``guarded(kind)``."""

    def start(kind, **options):
        def script(arguments, _):
            headers = server.headers[-1]
            if kind == "basic":
                known = headers.get("authorization") == "Basic " + base64.b64encode(f"me:{SECRET}".encode()).decode()
            elif kind == "digest":
                known = digest_fits(headers.get("authorization", ""))
            elif kind == "header":
                known = headers.get("x-api-key") == "s3cret"
            elif kind == "query":
                known = arguments.pop("api_key", "") == SECRET
            else:
                known = "session=s3cret" in headers.get("cookie", "")
            if known:
                return oai.Answer(server.right(arguments))
            challenge = 'Digest realm="r", nonce="n", qop="auth"' if kind == "digest" else "Basic"
            return oai.Answer("x" * 100, 401, {"WWW-Authenticate": challenge})

        server = serve([oai.item(n) for n in range(25)], script=script, **options)
        return server

    return start


def digest_fits(header: str) -> bool:
    if not header.startswith("Digest"):
        return False
    said = dict(re.findall(r'(\w+)="?([^",]+)"?', header))
    one = hashlib.md5(f"me:r:{SECRET}".encode()).hexdigest()
    two = hashlib.md5(f"GET:{said['uri']}".encode()).hexdigest()
    wanted = hashlib.md5(f"{one}:n:{said['nc']}:{said['cnonce']}:auth:{two}".encode()).hexdigest()
    return said["response"] == wanted


LOGINS = {
    "basic": f"basic:me:{SECRET}",
    "digest": f"digest:me:{SECRET}",
    "header": "header:X-Api-Key:s3cret",
    "query": f"query:api_key:{SECRET}",
    "cookie": "cookie:session:s3cret",
}


@pytest.fixture
def client(tmp_path):
    made = Client(allow=("127.0.0.1",), pause=0, patience=5, home=tmp_path, sleep=lambda _: None)
    yield made
    made.close()


@pytest.fixture
def login(tmp_path):
    """Fields of a source with a login."""

    def fields(text):
        given = parse(text)
        return {"auth": given.public, "sealed": seal(tmp_path, given.secret)}

    return fields


@pytest.mark.parametrize("kind", LOGINS)
def test_each_kind_of_login(guarded, harvest, login, kind):
    server = guarded(kind)
    report = harvest(server, **login(LOGINS[kind]))
    assert (report.status, report.new) == ("complete", 25)


@pytest.mark.parametrize("kind", LOGINS)
def test_a_wrong_login_is_told_without_the_secret(guarded, harvest, login, kind):
    given = LOGINS[kind].rpartition(":")[0] + ":wrong-Zx9"
    report = harvest(guarded(kind), **login(given))
    assert report.status == "failed"
    assert "wants a login" in report.losses[0].reason
    assert "wrong-Zx9" not in json.dumps([loss.reason for loss in report.losses] + report.notes)


@pytest.mark.parametrize("kind", LOGINS)
def test_a_login_goes_to_its_own_host_only(oai, serve, client, login, kind):
    other = serve(script=lambda *_: oai.Answer("there", headers={"Set-Cookie": "theirs=1"}))
    secret = parse(LOGINS[kind]).secret

    def move(arguments, _):
        return oai.Answer("", 302, {"Location": other.url + "?" + urlencode(arguments)})

    first = serve(script=move)
    client.begin(Source(id="s", protocol="oai", location=first.url, format="oai_dc", **login(LOGINS[kind])))
    assert client.get(first.url, {"verb": "Identify"}).content == b"there"
    assert other.requests[-1] == {"verb": "Identify"}
    assert not {"authorization", "x-api-key"} & set(other.headers[-1])
    assert secret not in other.headers[-1].get("cookie", "")


def test_an_endless_refusal_is_not_read_before_a_digest_login(oai, serve, client, login):
    def forever(connection):
        connection.sendall(b'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="r", nonce="n", qop="auth"\r\n\r\n')
        while True:
            connection.sendall(b"x" * 65536)

    server = serve(
        script=lambda *_: oai.Answer("in") if "authorization" in server.headers[-1] else oai.Answer(send=forever)
    )
    client.begin(Source(id="s", protocol="oai", location=server.url, format="oai_dc", **login(LOGINS["digest"])))
    assert client.get(server.url).content == b"in"


def test_cookies_of_a_session_are_sent_back_and_end_with_the_run(oai, serve, client):
    server = serve(script=lambda *_: oai.Answer("x", headers={"Set-Cookie": "node=7; Path=/"}))
    source = Source(id="s", protocol="oai", location=server.url, format="oai_dc")
    client.begin(source)
    client.get(server.url)
    client.get(server.url)
    assert "node=7" in server.headers[-1]["cookie"]
    client.begin(source)
    client.get(server.url)
    assert "cookie" not in server.headers[-1]


@pytest.mark.parametrize("text", ["", "basic", "basic:", "magic:x:y", "header:a b:c", "cookie:x:a\nb"])
def test_what_is_no_login_is_told_how_to_write_it(text):
    with pytest.raises(CredentialsError):
        parse(text)


def test_the_key_is_the_owners_and_without_it_nothing_opens(tmp_path, client):
    sealed = seal(tmp_path, SECRET)
    assert SECRET not in sealed
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    assert unseal(tmp_path, sealed) == SECRET
    assert seal(tmp_path, "again") != sealed
    (tmp_path / "secret.key").unlink()
    with pytest.raises(SecretError, match="is missing"):
        unseal(tmp_path, sealed)
    with pytest.raises(FetchError, match="is missing"):
        client.begin(
            Source(id="s", protocol="oai", location="http://x", format="oai_dc", auth="basic:x", sealed=sealed)
        )
    seal(tmp_path, "new key")
    with pytest.raises(SecretError, match="not the key"):
        unseal(tmp_path, sealed)


def test_the_command_takes_a_login_and_never_shows_it(guarded, tmp_path):
    def command(*arguments, given=None):
        return CliRunner(
            env={"LAMPWAY_HOME": str(tmp_path), "LAMPWAY_FETCH_ALLOW": "127.0.0.1", "LAMPWAY_FETCH_PAUSE": "0"}
        ).invoke(app, list(arguments), input=given)

    server = guarded("basic")
    add = ("sources", "add", "oai", server.url, "--institution", "", "--id", "s", "--replace")
    assert command(*add, "--auth", "basic:me", given=SECRET + "\n").exit_code == 0
    assert command("harvest", "s").exit_code == 0
    shown = [command("sources", "list").output, command("sources", "list", "--json").output]
    shown += [command("harvest", "report", "s", "--json").output, command("sources", "test", "s").output]
    assert '"auth": "basic:me"' in shown[1]
    assert not any(SECRET in text or "sealed" in text for text in shown)
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("lampway.db*"))
    assert SECRET.encode() not in stored
    assert command(*add).exit_code == 0
    assert command("harvest", "s").exit_code == 0, "the login stays when only other things change"
    command(*add, "--auth", "none")
    assert command("harvest", "s").exit_code == 1
    assert command(*add, "--auth", "basic:me", given="").exit_code == 2
    assert command(*add, "--auth", "nonsense").exit_code == 2
