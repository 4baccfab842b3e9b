//! One hot path, as often as it takes, for counting its instructions: `make counts` runs this under Valgrind, once per path, and holds the
//! counts against those kept in `benches/kept.json`. Without arguments it names the paths, each with how often it is taken.
//!
//! Seeds and payloads are fixed and everything that is counted runs on the main thread, so that a count is the same on a busy machine.
//! Clients are threads of their own, and so is SQLite: neither is counted.

mod actor;
mod memory;
mod rules;
mod server;
#[path = "../support/mod.rs"]
mod support;

/// The server's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A path: its name, how often it is taken while it is counted, and what takes it so often.
type Path = (&'static str, usize, fn(usize));

const PATHS: [Path; 15] = [
    ("draft: a move by the rules", 400, rules::draft),
    ("backgammon: a move by the rules", 400, rules::backgammon),
    ("wire: an event is read", 2_000, rules::decode),
    ("wire: an event is written", 2_000, rules::encode),
    ("wire: a link becomes a QR code", 20, rules::qr),
    ("room: a message to 4", 500, |times| actor::talk(4, times)),
    ("room: a message to 1,000", 50, |times| actor::talk(1_000, times)),
    ("room: a draft's draw or placement", 200, actor::draft),
    ("room: made", 100, actor::make),
    ("room: entered", 100, actor::enter),
    ("server: a ping", 500, server::ping),
    ("server: a message to 4", 300, server::talk),
    ("server: a connection", 50, server::connect),
    ("server: a room made", 50, server::make),
    ("server: a room entered", 50, server::enter),
];

/// What Valgrind counts, by this function's name: `benches/counts.mjs` knows it.
#[inline(never)]
fn counted_here(work: &mut dyn FnMut()) {
    work();
}

fn main() {
    let asked = std::env::args().nth(1);
    let path = asked.as_deref().and_then(|asked| PATHS.iter().find(|(name, ..)| *name == asked));
    match path {
        Some((_, times, take)) => take(*times),
        None => PATHS.iter().for_each(|(name, times, _)| println!("{name}\t{times}")),
    }
}
