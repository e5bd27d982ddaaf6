"""Redis 7's own commands, and its error texts where the embedded server's differ."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

COMMANDS = frozenset(b"""
ACL APPEND ASKING AUTH BGREWRITEAOF BGSAVE BITCOUNT BITFIELD BITFIELD_RO BITOP BITPOS BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP 
BZPOPMAX BZPOPMIN CLIENT CLUSTER COMMAND CONFIG COPY DBSIZE DEBUG DECR DECRBY DEL DISCARD DUMP ECHO EVAL EVALSHA EVALSHA_RO 
EVAL_RO EXEC EXISTS EXPIRE EXPIREAT EXPIRETIME FAILOVER FCALL FCALL_RO FLUSHALL FLUSHDB FUNCTION GEOADD GEODIST GEOHASH GEOPOS 
GEORADIUS GEORADIUSBYMEMBER GEORADIUSBYMEMBER_RO GEORADIUS_RO GEOSEARCH GEOSEARCHSTORE GET GETBIT GETDEL GETEX GETRANGE GETSET 
HDEL HELLO HEXISTS HGET HGETALL HINCRBY HINCRBYFLOAT HKEYS HLEN HMGET HMSET HRANDFIELD HSCAN HSET HSETNX HSTRLEN HVALS INCR 
INCRBY INCRBYFLOAT INFO KEYS LASTSAVE LATENCY LCS LINDEX LINSERT LLEN LMOVE LMPOP LOLWUT LPOP LPOS LPUSH LPUSHX LRANGE LREM LSET 
LTRIM MEMORY MGET MIGRATE MODULE MONITOR MOVE MSET MSETNX MULTI OBJECT PERSIST PEXPIRE PEXPIREAT PEXPIRETIME PFADD PFCOUNT 
PFDEBUG PFMERGE PFSELFTEST PING PSETEX PSUBSCRIBE PSYNC PTTL PUBLISH PUBSUB PUNSUBSCRIBE QUIT RANDOMKEY READONLY READWRITE RENAME 
RENAMENX REPLCONF REPLICAOF RESET RESTORE RESTORE-ASKING ROLE RPOP RPOPLPUSH RPUSH RPUSHX SADD SAVE SCAN SCARD SCRIPT SDIFF 
SDIFFSTORE SELECT SET SETBIT SETEX SETNX SETRANGE SHUTDOWN SINTER SINTERCARD SINTERSTORE SISMEMBER SLAVEOF SLOWLOG SMEMBERS 
SMISMEMBER SMOVE SORT SORT_RO SPOP SPUBLISH SRANDMEMBER SREM SSCAN SSUBSCRIBE STRLEN SUBSCRIBE SUBSTR SUNION SUNIONSTORE 
SUNSUBSCRIBE SWAPDB SYNC TIME TOUCH TTL TYPE UNLINK UNSUBSCRIBE UNWATCH WAIT WATCH XACK XADD XAUTOCLAIM XCLAIM XDEL XGROUP XINFO 
XLEN XPENDING XRANGE XREAD XREADGROUP XREVRANGE XSETID XTRIM ZADD ZCARD ZCOUNT ZDIFF ZDIFFSTORE ZINCRBY ZINTER ZINTERCARD 
ZINTERSTORE ZLEXCOUNT ZMPOP ZMSCORE ZPOPMAX ZPOPMIN ZRANDMEMBER ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANGESTORE ZRANK ZREM 
ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE ZUNION 
ZUNIONSTORE 
""".split())
#: What an unknown command's error quotes of its arguments, in octets.
QUOTED_ARGUMENTS = 128
_COMPILING = re.compile(r'error loading code: \[string "<python>"\]:(?P<rest>\d+:.*)', re.DOTALL)
_RUNNING = re.compile(r'\[string "<python>"\]:(?P<line>\d+): (?P<text>.*?)\nstack traceback:', re.DOTALL)


def unknown_command(arguments: Sequence[bytes]) -> str:
    """The error for a command that does not exist; the arguments are quoted until QUOTED_ARGUMENTS octets are full."""
    quoted = ""
    for argument in arguments[1:]:
        if len(quoted) >= QUOTED_ARGUMENTS:
            break
        quoted += f"'{argument.decode('latin-1')[:QUOTED_ARGUMENTS - len(quoted)]}' "
    name = arguments[0].decode("latin-1")[:QUOTED_ARGUMENTS]
    return re.sub(r"[\r\n]", " ", f"ERR unknown command '{name}', with args beginning with: {quoted}")


def as_redis_7(text: str, arguments: Sequence[bytes]) -> str:
    """An error text of the embedded server, as Redis 7 words it."""
    verb = arguments[0].upper()
    if text.startswith("ERR unknown command") and verb not in (b"EVAL", b"EVALSHA"):
        return unknown_command(arguments)
    if verb == b"SELECT" and not re.fullmatch(rb"-?\d+", arguments[-1]):
        return "ERR value is not an integer or out of range"
    if verb == b"SCAN" and text.startswith("ERR value is not an integer"):
        return "ERR invalid cursor"
    if found := re.fullmatch(r"ERR invalid expire time in '?(\w+)'?(?: command)?", text):
        return f"ERR invalid expire time in '{found[1]}' command"
    if found := _COMPILING.search(text):
        return f"ERR Error compiling script (new function): user_script:{found['rest']}"
    if found := _RUNNING.search(text):
        digest = hashlib.sha1(arguments[1]).hexdigest() if verb == b"EVAL" else arguments[1].decode("latin-1").lower()
        return f"ERR user_script:{found['line']}: {found['text']} script: {digest}, on @user_script:{found['line']}."
    return text
