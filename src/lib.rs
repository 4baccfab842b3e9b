//! Parlor: a Socket.IO-compatible server for multiplayer game rooms.
//!
//! What happens flows one way:
//!
//! ```text
//! socket event ─┐
//! HTTP command ─┼─▶ decode ─▶ room mailbox ─▶ rules decide ─▶ append to log ─▶ tell each audience what it may know ─▶ answer
//! page form    ─┘            (one per room)      (pure)       (SQL, batched)
//! ```
//!
//! The map, from the inside out:
//!
//! - [`id`], [`time`], [`chance`], [`refusal`]: the words everything is made of. Luck and time are values.
//! - [`dice`]: formulas such as `4d6dl1 + 2`, read and rolled.
//! - [`game`]: what a game is, and [`game::conform`], the laws that every game keeps. [`games`]: the games there are.
//! - [`room`]: a game being played. Pure: its facts, its state, what it decides, what is told of a fact. Around that: the actor with its
//!   mailbox, the directory of rooms, deadlines.
//! - [`log`]: the event log and the tables beside it.
//! - [`cluster`]: several nodes on one store, and the Redis between them.
//! - [`queue`]: matchmaking, two strangers for one room.
//! - [`picture`]: uploaded images, decoded and written anew.
//! - [`account`]: who somebody is. [`config`]: every setting.
//! - [`socket`]: Socket.IO in all its versions. [`web`]: HTTP and pages.
//! - [`backlog`]: how much may be under way at once. [`outcome`]: what commands came to, counted.
//! - [`app`]: where dependencies are built. [`server`]: accepting and draining. [`cli`]: the subcommands. [`telemetry`]: log lines.
//!
//! What always holds (`tests/architecture.rs` keeps what can be read off the source):
//!
//! - [`game`], [`games`] and the pure part of [`room`] know no runtime, no SQL, no sockets and no HTTP. They read no clock and roll no
//!   dice of their own, and they never fail on replay.
//! - Only [`log`] knows SQL. Only [`cluster`] knows Redis.
//! - Only the room's actor appends to a room's log, and only it speaks to the room's connections: nothing is told before it is appended.
//! - Nothing is applied twice: the log refuses a second event with a number, and a second command with an id.
//! - Every request is answered, and a refusal has changed nothing.
//! - What a viewer may see is built from an allow-list, never stripped; an event is told from the event alone.
//! - Everything has a bound: mailboxes, buffers, histories, retries, sizes, connections and rooms per player.
//!
//! Deliberately absent: a task or a lock per player, a session in memory that the log does not know, and any way to change a log but by
//! appending to it.

pub mod account;
pub mod app;
pub mod backlog;
pub mod chance;
pub mod cli;
pub mod cluster;
pub mod config;
pub mod dice;
pub mod game;
pub mod games;
pub mod id;
pub mod log;
pub mod outcome;
pub mod picture;
pub mod queue;
pub mod rating;
pub mod refusal;
pub mod room;
pub mod server;
pub mod socket;
pub mod telemetry;
pub mod time;
pub mod web;
