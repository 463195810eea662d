//! What is known of each command: its name as static text, where its key is, what its reply
//! means.
//!
//! Source: the Redis command reference and its key specifications.

use std::sync::{LazyLock, PoisonError, RwLock};

use redis::{Arg, Cmd};
use rustc_hash::FxHashMap;

/// The longest name that is looked at. The longest of Redis has 20 letters.
const LONGEST: usize = 32;

/// How many names a process keeps for ever that are not in the table.
const MOST_UNKNOWN: usize = 256;

/// A command of the table.
#[derive(Debug)]
pub(crate) struct Command {
    upper: &'static str,
    lower: Box<str>,
    /// `PIPELINE` and the name: what a pipeline of nothing else is called.
    pipeline: Box<str>,
    /// `MULTI` and the name.
    multi: Box<str>,
    id: u32,
    pub(crate) class: Class,
    key: Key,
}

/// What a command does, as far as tracing must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Nothing special.
    Plain,
    /// Reads one value; nil is a miss.
    Read,
    /// Reads several values; each nil is a miss.
    MultiRead,
    /// Reads a collection; an empty one is a miss if one says so.
    Collection,
    /// Waits for a message; nil is a timeout.
    Blocking,
    /// Waits for a message if an argument says `BLOCK`.
    MayBlock,
    /// Waits for replicas.
    WaitsForReplicas,
    /// Runs a script or function.
    Script,
    /// Changes the database of the connection.
    Select,
    /// Ends a transaction; nil is an abort.
    Exec,
}

/// Where the first key is, counted from the name at 0.
#[derive(Clone, Copy, Debug)]
enum Key {
    None,
    At(usize),
    /// After a number of keys, which is here.
    Counted(usize),
    /// After the word `STREAMS`.
    Streams,
}

/// Commands by class and place of the key. What is not here is plain, and its key is not read.
const TABLE: &[(Class, Key, &str)] = &[
    (
        Class::Read,
        Key::At(1),
        "GET GETDEL GETEX HGET JSON.GET LINDEX ZSCORE",
    ),
    (Class::MultiRead, Key::At(1), "HMGET MGET ZMSCORE"),
    (
        Class::Collection,
        Key::At(1),
        "HGETALL HKEYS HVALS LRANGE SMEMBERS XRANGE XREVRANGE ZRANGE ZRANGEBYSCORE \
         ZREVRANGE ZREVRANGEBYSCORE",
    ),
    (
        Class::Plain,
        Key::At(1),
        "APPEND BITCOUNT BITFIELD BITFIELD_RO BITPOS COPY DECR DECRBY DEL DUMP EXISTS EXPIRE \
         EXPIREAT EXPIRETIME GEOADD GEODIST GEOHASH GEOPOS GEORADIUS GEORADIUSBYMEMBER \
         GEORADIUSBYMEMBER_RO GEORADIUS_RO GEOSEARCH GEOSEARCHSTORE GETBIT GETRANGE GETSET \
         HDEL HEXISTS HEXPIRE HEXPIREAT HEXPIRETIME HGETDEL HGETEX HINCRBY HINCRBYFLOAT HLEN \
         HMSET HPERSIST HPEXPIRE HPEXPIREAT HPEXPIRETIME HPTTL HRANDFIELD HSCAN HSET HSETEX \
         HSETNX HSTRLEN HTTL INCR INCRBY INCRBYFLOAT JSON.ARRAPPEND JSON.ARRLEN JSON.DEL \
         JSON.NUMINCRBY JSON.SET JSON.TYPE LCS LINSERT LLEN LMOVE LPOP LPOS LPUSH LPUSHX LREM \
         LSET LTRIM MOVE MSET MSETNX PERSIST PEXPIRE PEXPIREAT PEXPIRETIME PFADD PFCOUNT \
         PFMERGE PSETEX PTTL RENAME RENAMENX RESTORE RPOP RPOPLPUSH RPUSH RPUSHX SADD SCARD \
         SDIFF SDIFFSTORE SET SETBIT SETEX SETNX SETRANGE SINTER SINTERSTORE SISMEMBER \
         SMISMEMBER SMOVE SORT SORT_RO SPOP SRANDMEMBER SREM SSCAN STRLEN SUBSTR SUNION \
         SUNIONSTORE TOUCH TTL TYPE UNLINK WATCH XACK XADD XAUTOCLAIM XCLAIM XDEL XLEN \
         XPENDING XSETID XTRIM ZADD ZCARD ZCOUNT ZDIFFSTORE ZINCRBY ZINTERSTORE ZLEXCOUNT \
         ZPOPMAX ZPOPMIN ZRANDMEMBER ZRANGEBYLEX ZRANGESTORE ZRANK ZREM ZREMRANGEBYLEX \
         ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREVRANGEBYLEX ZREVRANK ZSCAN ZUNIONSTORE",
    ),
    (Class::Plain, Key::At(2), "BITOP MEMORY OBJECT XGROUP XINFO"),
    (Class::Plain, Key::At(3), "MIGRATE"),
    (
        Class::Plain,
        Key::Counted(1),
        "LMPOP SINTERCARD ZDIFF ZINTER ZINTERCARD ZMPOP ZUNION",
    ),
    (
        Class::Plain,
        Key::None,
        "ACL ASKING AUTH BGREWRITEAOF BGSAVE CLIENT CLUSTER COMMAND CONFIG DBSIZE DEBUG DISCARD \
         ECHO FAILOVER FLUSHALL FLUSHDB FUNCTION HELLO INFO KEYS LASTSAVE LATENCY LOLWUT MODULE \
         MONITOR MULTI PING PSUBSCRIBE PUBLISH PUBSUB PUNSUBSCRIBE QUIT RANDOMKEY READONLY \
         READWRITE REPLICAOF ROLE SAVE SCAN SCRIPT SENTINEL SHUTDOWN SLAVEOF SLOWLOG \
         SPUBLISH SSUBSCRIBE SUBSCRIBE SUNSUBSCRIBE SWAPDB TIME UNSUBSCRIBE UNWATCH",
    ),
    (
        Class::Blocking,
        Key::At(1),
        "BLMOVE BLPOP BRPOP BRPOPLPUSH BZPOPMAX BZPOPMIN",
    ),
    (Class::Blocking, Key::Counted(2), "BLMPOP BZMPOP"),
    (Class::MayBlock, Key::Streams, "XREAD XREADGROUP"),
    (Class::WaitsForReplicas, Key::None, "WAIT WAITAOF"),
    (
        Class::Script,
        Key::Counted(2),
        "EVAL EVALSHA EVALSHA_RO EVAL_RO FCALL FCALL_RO",
    ),
    (Class::Select, Key::None, "RESET SELECT"),
    (Class::Exec, Key::None, "EXEC"),
];

static COMMANDS: LazyLock<FxHashMap<&'static [u8], Command>> = LazyLock::new(|| {
    let rows = TABLE.iter().flat_map(|(class, key, names)| {
        names
            .split_ascii_whitespace()
            .map(move |name| (class, key, name))
    });
    let of_row = |(id, (class, key, upper)): (u32, (&Class, &Key, &'static str))| Command {
        upper,
        lower: upper.to_ascii_lowercase().into(),
        pipeline: format!("PIPELINE {upper}").into(),
        multi: format!("MULTI {upper}").into(),
        id: id * Label::FORMS,
        class: *class,
        key: *key,
    };
    (0..)
        .zip(rows)
        .map(of_row)
        .map(|command| (command.upper.as_bytes(), command))
        .collect()
});

static UNKNOWN: LazyLock<RwLock<FxHashMap<&'static [u8], Label>>> = LazyLock::new(RwLock::default);

/// The name of an operation, as static text, and a number that stands for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) text: &'static str,
    pub(crate) id: u32,
}

impl Label {
    /// In how many forms a command of the table appears.
    const FORMS: u32 = 4;

    /// A pipeline of different commands.
    pub(crate) const PIPELINE: Self = Self::fixed("PIPELINE", 0);
    /// A transaction of different commands.
    pub(crate) const MULTI: Self = Self::fixed("MULTI", 1);
    /// Connecting. No command of Redis, but one is sent for it, and more.
    pub(crate) const CONNECT: Self = Self::fixed("CONNECT", 2);
    pub(crate) const SUBSCRIBE: Self = Self::fixed("SUBSCRIBE", 3);
    pub(crate) const UNSUBSCRIBE: Self = Self::fixed("UNSUBSCRIBE", 4);
    pub(crate) const PSUBSCRIBE: Self = Self::fixed("PSUBSCRIBE", 5);
    pub(crate) const PUNSUBSCRIBE: Self = Self::fixed("PUNSUBSCRIBE", 6);
    /// A name that no command has, or one too many.
    const OTHER: Self = Self::fixed("_OTHER", 7);

    const fn fixed(text: &'static str, id: u32) -> Self {
        Self {
            text,
            id: 1_000_000 + id,
        }
    }
}

/// A command as it was given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named {
    /// The name: upper or lower case as given.
    pub(crate) label: Label,
    /// Its row, if it is in the table.
    pub(crate) command: Option<&'static Command>,
}

impl Named {
    /// Reads the name of `cmd`. Allocates only for the first sight of one not in the table.
    pub(crate) fn of(cmd: &Cmd) -> Self {
        let name = match cmd.args_iter().next() {
            Some(Arg::Simple(name)) => name,
            _ => b"",
        };
        let mut buffer = [0; LONGEST];
        let Some(upper) = buffer.get_mut(..name.len()) else {
            return Self::other();
        };
        upper.copy_from_slice(name);
        upper.make_ascii_uppercase();
        match COMMANDS.get(&*upper) {
            Some(command) => Self {
                label: command.label(name),
                command: Some(command),
            },
            None => Self {
                label: unknown(name),
                command: None,
            },
        }
    }

    fn other() -> Self {
        Self {
            label: Label::OTHER,
            command: None,
        }
    }

    /// Says whether both are the same command of the table, in whatever case.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self.command, other.command) {
            (Some(one), Some(other)) => one.id == other.id,
            _ => false,
        }
    }

    /// Returns what it does.
    pub(crate) fn class(&self) -> Class {
        self.command.map_or(Class::Plain, |command| command.class)
    }

    /// Returns the name of a batch of nothing else.
    pub(crate) fn batch_label(&self, is_transaction: bool) -> Label {
        let Some(command) = self.command else {
            return if is_transaction {
                Label::MULTI
            } else {
                Label::PIPELINE
            };
        };
        let (text, form) = if is_transaction {
            (&*command.multi, 3)
        } else {
            (&*command.pipeline, 2)
        };
        Label {
            text,
            id: command.id + form,
        }
    }

    /// Returns the first key among the arguments of `cmd`.
    pub(crate) fn key<'a>(&self, cmd: &'a Cmd) -> Option<&'a [u8]> {
        let simple = |arg: Arg<&'a [u8]>| match arg {
            Arg::Simple(bytes) => Some(bytes),
            _ => None,
        };
        let mut args = cmd.args_iter();
        match self.command?.key {
            Key::None => None,
            Key::At(at) => args.nth(at).and_then(simple),
            Key::Counted(at) => {
                let count = args.nth(at).and_then(simple)?;
                let has_keys = count.iter().any(|digit| *digit != b'0');
                has_keys.then(|| args.next().and_then(simple)).flatten()
            }
            Key::Streams => {
                args.find(
                    |arg| matches!(arg, Arg::Simple(word) if word.eq_ignore_ascii_case(b"STREAMS")),
                )?;
                args.next().and_then(simple)
            }
        }
    }

    /// Says whether `cmd` waits for something that is not the server's work.
    pub(crate) fn is_blocking(&self, cmd: &Cmd) -> bool {
        match self.class() {
            Class::Blocking | Class::WaitsForReplicas => true,
            Class::MayBlock => cmd
                .args_iter()
                .take_while(
                    |arg| !matches!(arg, Arg::Simple(word) if word.eq_ignore_ascii_case(b"STREAMS")),
                )
                .any(|arg| matches!(arg, Arg::Simple(word) if word.eq_ignore_ascii_case(b"BLOCK"))),
            _ => false,
        }
    }
}

impl Command {
    fn label(&'static self, given: &[u8]) -> Label {
        if given == self.lower.as_bytes() {
            Label {
                text: &self.lower,
                id: self.id + 1,
            }
        } else {
            Label {
                text: self.upper,
                id: self.id,
            }
        }
    }
}

/// Names a command that is not in the table, such as one of a module.
///
/// Letters, dots and underscores make a name; with anything else it may be an argument that
/// went astray.
fn unknown(name: &[u8]) -> Label {
    let is_letter = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'.' | b'_');
    if name.is_empty() || !name.iter().all(is_letter) {
        return Label::OTHER;
    }
    if let Some(known) = UNKNOWN
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .get(name)
    {
        return *known;
    }
    let mut all = UNKNOWN.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = all.get(name) {
        return *known;
    }
    match u32::try_from(all.len()) {
        Ok(id) if all.len() < MOST_UNKNOWN => {
            let text = String::from_utf8_lossy(name).into_owned();
            let text: &'static str = Box::leak(text.into_boxed_str());
            let label = Label {
                text,
                id: 2_000_000 + id,
            };
            all.insert(text.as_bytes(), label);
            label
        }
        _ => Label::OTHER,
    }
}

#[cfg(test)]
mod tests {
    use redis::cmd;

    use super::*;

    fn command(words: &[&str]) -> Cmd {
        let mut command = cmd(words[0]);
        command.arg(&words[1..]);
        command
    }

    #[test]
    fn a_name_is_static_and_as_it_was_given() {
        let cases = [
            ("GET", "GET"),
            ("get", "get"),
            ("Get", "GET"),
            ("TOPK.ADD", "TOPK.ADD"),
            ("hunter2", "_OTHER"),
            ("GET user:1", "_OTHER"),
            ("", "_OTHER"),
            ("A.NAME.THAT.IS.LONGER.THAN.ANY.COMMAND", "_OTHER"),
        ];
        for (given, expected) in cases {
            assert_eq!(Named::of(&cmd(given)).label.text, expected, "{given}");
        }
    }

    #[test]
    fn each_command_is_in_the_table_once() {
        let rows = TABLE
            .iter()
            .flat_map(|(_, _, names)| names.split_ascii_whitespace());
        assert_eq!(rows.count(), COMMANDS.len());
    }

    #[test]
    fn the_key_is_found_where_the_command_has_it() {
        let cases: [(&[&str], Option<&str>); 12] = [
            (&["GET", "k"], Some("k")),
            (&["get", "k"], Some("k")),
            (&["MGET", "a", "b"], Some("a")),
            (&["OBJECT", "ENCODING", "k"], Some("k")),
            (&["EVALSHA", "sha", "1", "k", "v"], Some("k")),
            (&["EVALSHA", "sha", "0", "v"], None),
            (&["BLMPOP", "0", "1", "k", "LEFT"], Some("k")),
            (&["XREAD", "COUNT", "1", "STREAMS", "k", "0"], Some("k")),
            (&["AUTH", "user", "hunter2"], None),
            (&["HELLO", "3", "AUTH", "user", "hunter2"], None),
            (&["NOSUCHCOMMAND", "k"], None),
            (&["GET"], None),
        ];
        for (words, expected) in cases {
            let cmd = command(words);
            let key = Named::of(&cmd).key(&cmd);
            assert_eq!(key, expected.map(str::as_bytes), "{words:?}");
        }
    }

    #[test]
    fn commands_that_wait_are_told_apart() {
        let cases: [(&[&str], bool); 6] = [
            (&["BLPOP", "k", "1"], true),
            (&["LPOP", "k"], false),
            (&["XREAD", "BLOCK", "0", "STREAMS", "k", "$"], true),
            (&["XREAD", "STREAMS", "BLOCK", "0"], false),
            (
                &[
                    "xreadgroup",
                    "GROUP",
                    "g",
                    "c",
                    "block",
                    "5",
                    "streams",
                    "k",
                    ">",
                ],
                true,
            ),
            (&["WAIT", "1", "0"], true),
        ];
        for (words, expected) in cases {
            let cmd = command(words);
            assert_eq!(Named::of(&cmd).is_blocking(&cmd), expected, "{words:?}");
        }
    }
}
