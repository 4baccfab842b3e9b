//! What is decided, read and written without a room around it.

use std::hint::black_box;
use std::time::Duration;

use parlor::chance::{Chance, Seed};
use parlor::game::{Draft, Game, Input, Viewer, command};
use parlor::games::backgammon::Backgammon;
use parlor::games::draft::{self, DraftGame};
use parlor::id::{PlayerId, Seat, Seq};
use parlor::room::fact::{Fact, Player};
use parlor::room::told::tell;
use parlor::socket::envelope::Envelope;
use parlor::socket::wire::EventIn;
use parlor::time::Timestamp;
use parlor::web::qr::Qr;

use crate::counted_here;

/// Any time that is not zero.
const NOON: Timestamp = Timestamp(1_700_000_000_000);

/// A state, and what is asked of it next.
struct Moment<G: Game> {
    state: G,
    seat: Seat,
    command: G::Command,
    chance: Chance,
    now: Timestamp,
}

pub fn draft(times: usize) {
    moves::<DraftGame>(times);
}

pub fn backgammon(times: usize) {
    moves::<Backgammon>(times);
}

fn moves<G: Game>(times: usize) {
    let assets = G::Assets::default();
    let mut warm = moments::<G>(&assets, 50, 1);
    decide_all(&mut warm, &assets);
    let mut moments = moments::<G>(&assets, times, 2);
    counted_here(&mut || decide_all(&mut moments, &assets));
}

fn decide_all<G: Game>(moments: &mut [Moment<G>], assets: &G::Assets) {
    for moment in moments {
        let mut events = Vec::new();
        let mut draft = Draft::new(&mut moment.state, &mut events, &mut moment.chance, moment.now, assets);
        let decided = G::decide(&mut draft, Input::Play { seat: moment.seat, command: moment.command.clone() });
        assert!(decided.is_ok());
        black_box(&events);
    }
}

/// `count` moments of games between players who choose any legal command.
fn moments<G: Game>(assets: &G::Assets, count: usize, seed: u8) -> Vec<Moment<G>> {
    let mut luck = fastrand::Rng::with_seed(u64::from(seed));
    let seats = *G::SEATS.start();
    let setup = G::setup(&G::Options::default(), seats, assets).expect("the default options are good");
    let mut moments = Vec::new();
    let mut game = 0u8;
    while moments.len() < count {
        game = game.wrapping_add(1);
        let (mut state, mut drawn, mut now, mut input) = (G::open(&setup), 0, NOON, Input::<G::Command>::Start);
        while state.outcome().is_none() && moments.len() < count {
            let seed = Seed([seed ^ game; 32]);
            if let Input::Play { seat, command } = &input {
                let chance = Chance::new(seed, [], drawn);
                moments.push(Moment { state: state.clone(), seat: *seat, command: command.clone(), chance, now });
            }
            let (mut events, mut chance) = (Vec::new(), Chance::new(seed, [], drawn));
            let decided = G::decide(&mut Draft::new(&mut state, &mut events, &mut chance, now, assets), input);
            assert!(decided.is_ok());
            drawn = chance.drawn();
            let choices: Vec<_> =
                (0..seats).map(Seat).flat_map(|seat| state.legal(seat).into_iter().map(move |command| (seat, command))).collect();
            now = now + Duration::from_millis(500);
            input = match luck.choice(choices) {
                Some((seat, command)) => Input::Play { seat, command },
                None => Input::Wake,
            };
        }
    }
    moments
}

/// A packet is taken apart, its envelope read, and its payload becomes a command of the game.
pub fn decode(times: usize) {
    let text =
        r#"["place_character",{"character_id":17,"role_name":"Captain","command_id":"3f2c1b9e-77aa-4c0e-9d53-0a1b2c3d4e5f"}]"#;
    let read = |times| {
        for _ in 0..times {
            let heard: EventIn<'_> = serde_json::from_str(black_box(text)).expect("an event");
            let payload = heard.payload.map(ToOwned::to_owned).expect("a payload");
            let envelope = Envelope::read(&payload).expect("an envelope");
            let command = command::decode::<draft::Command>(&heard.event, &payload);
            assert!(command.is_ok() && envelope.command_id.is_some());
            black_box(command.ok());
        }
    };
    read(100);
    counted_here(&mut || read(times));
}

/// A fact is written for the log and as everybody is told of it; for the sockets of a room it is written once.
pub fn encode(times: usize) {
    let player = Player { id: PlayerId::random(), nickname: "Quiet Otter".to_owned(), guest: true, bot: None };
    let fact: Fact<DraftGame> = Fact::Said { player, seat: Some(Seat(1)), message: "x".repeat(80) };
    let write = |times| {
        for _ in 0..times {
            black_box(serde_json::to_string(black_box(&fact)).expect("plain data"));
            black_box(tell(black_box(&fact), Seq(17), NOON, Viewer::Spectator));
        }
    };
    write(100);
    counted_here(&mut || write(times));
}

pub fn qr(times: usize) {
    let draw = |times| {
        for _ in 0..times {
            let code = Qr::new(black_box("http://127.0.0.1:3000/join/BCDFGH")).expect("it is short");
            black_box(code.data_url());
        }
    };
    draw(3);
    counted_here(&mut || draw(times));
}
