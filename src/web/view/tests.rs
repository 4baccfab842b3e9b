//! Every page, with friendly and with hostile values.

use askama::Template;
use serde_json::json;

use super::*;
use crate::game::{Game, Viewer};
use crate::games::backgammon::{Backgammon, Options};
use crate::id::{PlayerId, RoomCode, Seat, Seq};
use crate::time::Timestamp;

const HOSTILE: &str = r#"<script>alert(1)</script>"' onload=x style=y {{7*7}} </title>"#;

/// Every page with `name` wherever a person chose the text.
fn pages(name: &str) -> Vec<(&'static str, String)> {
    let name = || name.to_owned();
    let shell = || Shell { csrf: "t0ken".to_owned(), nickname: Some(name()), signed_in: false };
    let code: RoomCode = "BCDFGH".parse().unwrap();
    let game = || {
        GameCard::new("draft", "AniFight", "Draft characters into roles, in turns, and see whose team is the better one.", 2..=2)
    };
    let fairness = |verdict| Fairness {
        seed_hash: "ab".repeat(32),
        seed: (verdict != Verdict::Pending).then(|| "07".repeat(32)),
        client_seeds: vec![(name(), name())],
        draws: 12,
        verdict,
    };
    let lobby = |is_host: bool, bot: bool| LobbyPage {
        shell: shell(),
        code,
        game_name: "draft".to_owned(),
        game_title: "AniFight".to_owned(),
        join_url: "http://127.0.0.1:3000/join/BCDFGH".to_owned(),
        public: is_host,
        me: PlayerId::random(),
        is_host,
        watching: !is_host,
        seats: vec![
            seat(0, Some(Person { host: true, online: true, you: is_host, ..person(&name()) })),
            seat(1, bot.then(|| Person { bot: true, online: true, ..person("Bot") })),
        ],
        watchers: 2,
        can_start: bot,
        bot_levels: vec!["easy".to_owned(), "hard".to_owned()],
        settings: vec![
            Fact { label: "Template".to_owned(), value: "Adventuring Party".to_owned() },
            Fact { label: "Series".to_owned(), value: name() },
        ],
        notice: Some(Notice { text: name(), bad: true }),
        online: 1 + u32::from(bot),
    };
    let home = |rooms: Vec<RoomRow>, code_error: Option<String>| HomePage {
        shell: shell(),
        games: vec![game()],
        rooms,
        typed_code: name(),
        code_error,
    };
    let room = RoomRow {
        code,
        game_title: "AniFight".to_owned(),
        host: name(),
        players: "1/2".to_owned(),
        status: "waiting for players".to_owned(),
    };
    let join = |can_play| JoinPage {
        shell: shell(),
        code,
        game_title: "AniFight".to_owned(),
        host: name(),
        players: "1/2 players".to_owned(),
        status: "waiting for players".to_owned(),
        nickname: name(),
        can_play,
        can_watch: true,
        error: Some(name()),
    };
    let replay = |at| ReplayPage {
        shell: shell(),
        code,
        game_title: "AniFight".to_owned(),
        at: Seq(at),
        last: Seq(4),
        moves: (1..=3)
            .map(|n| MoveLine { seq: Seq(n), at: Timestamp(1_795_228_800_120), text: format!("{} drew Hanae", name()) })
            .collect(),
        stage: draft::stage(&draft_state(&name()), [&name(), "Ben"], None).unwrap(),
        fairness: fairness(Verdict::Verified),
    };
    let create = CreatePage {
        shell: shell(),
        game: game(),
        nickname: name(),
        fields: vec![
            OptionField {
                name: "template_id".to_owned(),
                legend: "Team".to_owned(),
                hint: String::new(),
                many: false,
                choices: vec![
                    choice("1", "Adventuring Party", "Captain, Fighter, Guardian, Strategist, Healer, Trickster", true),
                    choice("2", "Tournament Five", "Captain, Fighter, Rival, Guardian, Mentor", false),
                ],
                typed: None,
            },
            OptionField {
                name: "anime_pool_ids".to_owned(),
                legend: "Series in the pot".to_owned(),
                hint: "Characters are drawn from these.".to_owned(),
                many: true,
                choices: (1..=8).map(|n| choice(&n.to_string(), "Lanterns over Kazemori", "In a mountain town", n < 4)).collect(),
                typed: None,
            },
        ],
        public: false,
        error: Some(name()),
    };
    let play = |role: &str| DraftPage { shell: shell(), code, title: "AniFight".to_owned(), role: role.to_owned() };
    let results = ResultsPage {
        shell: shell(),
        code,
        game_title: "AniFight".to_owned(),
        headline: format!("{} wins", name()),
        reason: "Every role is filled.".to_owned(),
        columns: vec![column("host", &name(), true), column("guest", "Ben", false)],
        fairness: fairness(Verdict::Failed("draw 3 of the log is 7, the seed gives 9".to_owned())),
        can_rematch: true,
    };
    let errors: Vec<(&'static str, ErrorPage)> = vec![
        ("error-404", ErrorPage::not_found(shell())),
        ("error-no-room", ErrorPage::no_such_room(shell(), &name())),
        ("error-full", ErrorPage::room_full(shell(), code, true)),
        ("error-full-unwatched", ErrorPage::room_full(shell(), code, false)),
        ("error-expired", ErrorPage::expired(shell())),
        ("error-begun", ErrorPage::unavailable_room(shell(), code, true)),
        ("error-forbidden", ErrorPage::forbidden(shell(), &name())),
        ("error-not-in-room", ErrorPage::not_in_room(shell(), code)),
        ("error-csrf", ErrorPage::stale_form(shell())),
        ("error-429", ErrorPage::rate_limited(shell(), 7)),
        ("error-400", ErrorPage::bad_request(shell(), &name())),
        ("error-503", ErrorPage::unavailable(shell())),
        ("error-500", ErrorPage::internal(shell(), &name())),
    ];
    let mut all = vec![
        ("home", home(vec![room], None).render().unwrap()),
        ("home-empty", home(vec![], Some(format!("No room has the code {}.", name()))).render().unwrap()),
        ("create", create.render().unwrap()),
        ("lobby", lobby(true, false).render().unwrap()),
        ("lobby-ready", lobby(true, true).render().unwrap()),
        ("lobby-guest", lobby(false, false).render().unwrap()),
        ("join", join(true).render().unwrap()),
        ("join-full", join(false).render().unwrap()),
        ("play", play("host").render().unwrap()),
        ("play-guest", play("guest").render().unwrap()),
        ("play-spectator", play("spectator").render().unwrap()),
        ("results", results.render().unwrap()),
        ("replay", replay(3).render().unwrap()),
        ("replay-begin", replay(0).render().unwrap()),
        ("replay-end", replay(4).render().unwrap()),
    ];
    let board = |role: &str| BackgammonPage { shell: shell(), code, title: "Backgammon".to_owned(), role: role.to_owned() };
    let turns = ReplayPage {
        stage: backgammon::stage(code, &backgammon_state(), [&name(), "Ben"], &["expert"], None).unwrap(),
        ..replay(2)
    };
    all.extend([
        ("play-backgammon", board("host").render().unwrap()),
        ("play-backgammon-guest", board("guest").render().unwrap()),
        ("play-backgammon-spectator", board("spectator").render().unwrap()),
        ("replay-backgammon", turns.render().unwrap()),
    ]);
    let story = |watching| CodexPage { shell: shell(), code, title: name(), watching };
    let queue = |place: Option<WaitingPlace>| QueuePage {
        shell: shell(),
        game: game(),
        nickname: name(),
        error: place.is_none().then(name),
        place,
    };
    let waiting = WaitingPlace { position: 1, waiting: 2, expected: "about 20 seconds".to_owned() };
    let playground = PlaygroundPage {
        shell: shell(),
        games: vec![PlaygroundGame { title: "AniFight", namespace: "/draft".to_owned(), commands: "draw place".to_owned() }],
    };
    let line = |kind| TalkLine {
        seq: Seq(3),
        at: Timestamp(0),
        kind,
        who: name(),
        what: name(),
        image: Some("/api/rooms/BCDFGH/images/x".to_owned()),
    };
    let talk = TalkPage {
        shell: shell(),
        code,
        game_title: name(),
        back: "/play/BCDFGH".to_owned(),
        kind: "rolls".to_owned(),
        rolls: true,
        search: name(),
        lines: vec![line("chat_message"), line("dice_roll")],
        older: Some("/room/BCDFGH/history?before=3".to_owned()),
        newest: None,
    };
    let table = |watching| TabletopPage { shell: shell(), code, title: name(), watching };
    all.extend([
        ("talk", talk.render().unwrap()),
        ("play-tabletop", table(false).render().unwrap()),
        ("play-tabletop-spectator", table(true).render().unwrap()),
        ("play-codex", story(false).render().unwrap()),
        ("play-codex-spectator", story(true).render().unwrap()),
        ("queue", queue(None).render().unwrap()),
        ("queue-waiting", queue(Some(waiting)).render().unwrap()),
        ("playground", playground.render().unwrap()),
    ]);
    all.extend(errors.into_iter().map(|(page, error)| (page, error.render().unwrap())));
    all
}

fn person(nickname: &str) -> Person {
    Person { id: PlayerId::random(), nickname: nickname.to_owned(), online: false, host: false, bot: false, you: false }
}

fn seat(seat: u8, person: Option<Person>) -> SeatView {
    SeatView { seat: Seat(seat), person }
}

fn choice(value: &str, label: &str, hint: &str, selected: bool) -> Choice {
    Choice { value: value.to_owned(), label: label.to_owned(), hint: hint.to_owned(), selected }
}

/// A draft in which one character is placed and in hand.
fn draft_state(name: &str) -> serde_json::Value {
    let hanae = json!({
        "id": 101, "name": name, "anime": name, "anime_id": 1, "about": "", "ratings": { "Captain": 80, "Fighter": 26 },
    });
    json!({
        "template": { "name": "Two", "roles": ["Captain", name] }, "current_turn": "guest", "drawn_character": hanae,
        "host_placements": { "Captain": 101 }, "guest_placements": {}, "drawn_characters": [hanae], "is_started": true, "is_over": false,
    })
}

#[test]
fn backgammon_is_told_in_the_usual_notation() {
    let mut teller = Teller::new([("host", "Ada"), ("guest", "Ben")], Box::new(backgammon::Turns));
    let step = |from: u8, to: u8, hit: bool| json!({ "from_point": from, "to_point": to, "die": 1, "is_hit": hit });
    let cases = [
        ("dice_rolled", json!({ "player": "white", "dice": [1, 3] }), "Ada rolled 31"),
        ("move_made", json!({ "player": "black", "move": step(0, 4, true) }), "Ben: bar/21*"),
        (
            "turn_ended",
            json!({ "player": "white", "dice": [6, 5], "moves": [step(5, 0, false), step(6, 0, false)] }),
            "Ada played 65: 6/off 5/off",
        ),
        ("turn_ended", json!({ "player": "black", "dice": [6, 6], "moves": [] }), "Ben played 66: no play"),
        ("double_offered", json!({ "player": "black", "new_stake": 4 }), "Ben doubles to 4"),
        ("game_over", json!({ "result": { "winner": "white", "points": 1 } }), "Ada wins 1 point"),
        ("turn_ended", json!({}), "Somebody played : no play"),
    ];
    for (event, data, told) in cases {
        assert_eq!(teller.tell(event, &data), told, "{event}");
    }
}

#[test]
fn backgammon_results_become_two_columns_of_games() {
    let game = |nth: u8, winner: &str, points: u8, score: [u8; 2]| json!({ "game_number": nth, "winner": winner, "kind": "gammon", "ended_by": "borne_off", "cube": 1, "points": points, "score": score });
    let results =
        json!({ "winner": "black", "match_length": 3, "games": [game(1, "white", 2, [2, 0]), game(2, "black", 4, [2, 4])] });
    let (headline, columns) = backgammon::results(&results, ["Ada", "Ben"], Some("guest")).unwrap();
    assert_eq!((headline.as_str(), columns[0].total.as_str(), columns[1].total.as_str()), ("You win the match", "2", "4"));
    assert_eq!((columns[1].lines[0].what.as_str(), columns[1].lines[1].what.as_str()), ("lost", "won a gammon"));
    assert!(columns[1].winner && columns[1].you && !columns[0].winner);
    assert_eq!(backgammon::results(&results, ["Ada", "Ben"], None).unwrap().0, "Ben wins the match");
    assert!(backgammon::results(&json!({}), ["Ada", "Ben"], None).is_err());
}

fn backgammon_state() -> serde_json::Value {
    let view = Backgammon::open(&Backgammon::setup(&Options::default(), 2, &()).unwrap()).view(Viewer::Spectator);
    serde_json::to_value(view).unwrap()
}

fn column(key: &str, name: &str, winner: bool) -> ScoreColumn {
    let line = |label: &str, points: &str| ScoreLine {
        label: label.to_owned(),
        what: "Hanae Tsukidate".to_owned(),
        note: "rating 80".to_owned(),
        points: points.to_owned(),
    };
    ScoreColumn {
        key: key.to_owned(),
        name: name.to_owned(),
        you: winner,
        winner,
        total: "412".to_owned(),
        lines: vec![line("Captain", "80"), line("Fighter", "66")],
    }
}

/// The tags of a page with their attributes, as a browser would see them.
fn tags(html: &str) -> Vec<String> {
    let mut tags = vec![];
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let mut quote = None;
        let end = rest.char_indices().find(|&(_, c)| {
            match (quote, c) {
                (None, '"' | '\'') => quote = Some(c),
                (Some(q), c) if q == c => quote = None,
                _ => {}
            }
            quote.is_none() && c == '>'
        });
        let end = end.map_or(rest.len(), |(at, _)| at);
        tags.push(rest[..end].to_owned());
        rest = &rest[end..];
    }
    tags
}

/// The names of a tag's attributes.
fn attributes(tag: &str) -> Vec<String> {
    let mut bare = String::new();
    let mut quoted = false;
    for c in tag.chars() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            _ => bare.push(c),
        }
    }
    bare.split_whitespace().skip(1).map(|part| part.split('=').next().unwrap_or(part).to_ascii_lowercase()).collect()
}

#[test]
fn no_page_has_inline_scripts_styles_or_handlers() {
    for (page, html) in pages(HOSTILE) {
        for tag in tags(&html) {
            let name = tag.split_whitespace().next().unwrap_or("").to_ascii_lowercase();
            assert_ne!(name, "style", "{page}");
            if name == "script" {
                assert!(tag.contains(" src=\"/static/"), "{page}: <{tag}>");
            }
            for attribute in attributes(&tag) {
                assert!(attribute != "style" && !attribute.starts_with("on"), "{page}: <{tag}>");
            }
            for address in ["href=\"", "src=\"", "action=\""] {
                let Some((_, to)) = tag.split_once(address) else { continue };
                assert!(to.starts_with('/') || to.starts_with('#') || to.starts_with("http://127.0.0.1"), "{page}: <{tag}>");
            }
        }
    }
}

#[test]
fn what_people_typed_is_shown_and_never_read_as_markup() {
    for (page, html) in pages(HOSTILE) {
        assert!(!html.contains("<script>alert"), "{page}");
        assert!(!html.contains("</script>\""), "{page}");
        assert!(!html.contains(HOSTILE), "{page}");
        assert_eq!(html.matches("</title>").count(), 1, "{page}");
        assert!(html.contains("alert(1)") || page.starts_with("play"), "{page} shows the name");
    }
}

#[test]
fn hostile_names_do_not_change_the_structure_of_a_page() {
    for ((page, plain), (_, hostile)) in pages("Mira").into_iter().zip(pages(HOSTILE)) {
        let shape =
            |html: &str| tags(html).iter().map(|tag| tag.split_whitespace().next().unwrap_or("").to_owned()).collect::<Vec<_>>();
        assert_eq!(shape(&plain), shape(&hostile), "{page}");
    }
}

#[test]
fn every_page_has_a_title_a_language_and_landmarks() {
    for (page, html) in pages("Mira") {
        for needed in [
            "<!doctype html>",
            "<html lang=\"en\">",
            "<title>",
            "<main id=\"main\"",
            "<header class=\"site\"",
            "<footer",
            "class=\"skip\"",
        ] {
            assert_eq!(html.matches(needed).count(), 1, "{page}: {needed}");
        }
        assert_eq!(tags(&html).iter().filter(|tag| tag.starts_with("h1")).count(), 1, "{page} has one main heading");
        let title = html.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).unwrap();
        assert!(title.ends_with("Parlor") || page.starts_with("home"), "{page}: {title}");
    }
}

#[test]
fn every_id_is_unique_and_every_reference_to_one_is_met() {
    for (page, html) in pages("Mira") {
        let tags = tags(&html);
        let values = |name: &str| -> Vec<String> {
            let prefix = format!(" {name}=\"");
            tags.iter().filter_map(|tag| tag.split_once(&prefix)?.1.split('"').next().map(str::to_owned)).collect()
        };
        let ids = values("id");
        for (n, id) in ids.iter().enumerate() {
            assert!(!ids[..n].contains(id), "{page} has two of {id}");
        }
        for name in ["for", "aria-labelledby", "aria-describedby"] {
            for target in values(name).iter().flat_map(|list| list.split(' ')) {
                assert!(ids.iter().any(|id| id == target), "{page}: {name} names {target}, which is not there");
            }
        }
    }
}

#[test]
fn every_form_that_posts_carries_the_token() {
    let mut forms = 0;
    for (page, html) in pages("Mira") {
        for form in html.split("<form").skip(1).filter(|form| form.contains("method=\"post\"")) {
            let form = form.split("</form>").next().unwrap();
            assert!(form.contains("<input type=\"hidden\" name=\"csrf\" value=\"t0ken\">"), "{page}");
            forms += 1;
        }
    }
    assert!(forms > 15, "{forms}");
}

#[test]
fn the_lobby_says_in_words_who_is_here() {
    let lobby = |wanted: &str| pages("Mira").into_iter().find(|(page, _)| *page == wanted).unwrap().1;
    let host = lobby("lobby");
    for needed in
        ["1/2 online", ">online<", "Free seat", "aria-disabled=\"true\"", "/api/rooms/BCDFGH/qr.svg", "http-equiv=\"refresh\""]
    {
        assert!(host.contains(needed), "{needed}");
    }
    assert!(lobby("lobby-ready").contains("2/2 online"));
    assert!(!lobby("lobby-ready").contains("aria-disabled=\"true\""));
    assert!(!lobby("lobby-guest").contains("start-form"), "only the host starts");
}

#[test]
fn the_replay_steps_stop_at_both_ends() {
    let replay = |wanted: &str| pages("Mira").into_iter().find(|(page, _)| *page == wanted).unwrap().1;
    let begin = replay("replay-begin");
    assert!(begin.contains("Before the first move") && begin.contains("data-at=\"1\" data-testid=\"step-forth\""));
    assert!(!begin.contains("<a class=\"button small\" href=\"/replay/BCDFGH?at=0\""));
    let end = replay("replay-end");
    assert!(end.contains("data-at=\"3\" data-testid=\"step-back\"") && end.contains("only others may see"));
}

#[test]
fn emblems_are_the_same_on_server_and_page() {
    // The same pairs are in tests/module/emblem.test.mjs.
    for (id, number) in [("0", 0), ("1", 1), ("13", 1), ("draft", 1), ("", 0), ("界", 4)] {
        assert_eq!(emblem(id), number, "{id}");
    }
}

#[test]
fn a_draft_state_becomes_two_boards() {
    let placed = json!({ "player_role": "host", "role_name": "Captain", "character_id": 101 });
    let html = draft::stage(&draft_state("Hanae"), ["Mira", "Ben"], Some(("character_placed", &placed))).unwrap().html;
    let boards: Vec<_> = html.split("<section").skip(1).collect();
    assert!(boards[0].contains("Mira") && boards[0].contains("slot filled fresh") && boards[0].contains(">80<"), "{}", boards[0]);
    assert!(boards[1].contains("Ben") && boards[1].contains("to move") && !boards[0].contains("to move"));
    assert!(html.contains("In hand"));
    let before = draft::stage(&draft_state("Hanae"), ["Mira", "Ben"], None).unwrap().html;
    assert!(!before.contains("fresh"), "nothing was placed by other events");
    assert!(draft::stage(&json!({ "phase": "Active" }), ["a", "b"], None).is_err(), "another game's state is refused");
}

#[test]
fn draft_results_become_two_columns() {
    let role =
        json!({ "role_name": "Captain", "character_id": 1, "character_name": "Hanae", "rating": 80, "synergy": 6, "points": 86 });
    let empty =
        json!({ "role_name": "Fighter", "character_id": null, "character_name": null, "rating": 0, "synergy": 0, "points": 0 });
    let results =
        json!({ "winner": "host", "host": { "total": 86, "roles": [role, empty] }, "guest": { "total": 0, "roles": [] } });
    let (headline, columns) = draft::results(&results, ["Mira", "Ben"], Some("guest")).unwrap();
    assert_eq!(headline, "Mira wins");
    assert!(columns[0].winner && columns[1].you && columns[0].total == "86");
    assert_eq!(
        (columns[0].lines[0].note.as_str(), columns[0].lines[1].what.as_str()),
        ("80 for the role, 6 for friends beside it", "nobody")
    );
    assert_eq!(draft::results(&results, ["Mira", "Ben"], Some("host")).unwrap().0, "You win");
    assert!(draft::results(&json!(null), ["a", "b"], None).is_err());
}

#[test]
fn events_are_told_in_sentences() {
    let mut teller = Teller::new([("host", "Mira"), ("guest", "Ben")], Box::new(draft::Drawn::default()));
    for (event, data, told) in [
        ("player_joined", json!({ "player": { "nickname": "Ben" } }), "Ben joined"),
        ("draft_began", json!({ "current_turn": "host" }), "Mira draws first"),
        ("character_drawn", json!({ "character": { "id": 101, "name": "Hanae" }, "player_role": "host" }), "Mira drew Hanae"),
        (
            "character_placed",
            json!({ "character_id": 101, "role_name": "Captain", "player_role": "host" }),
            "Mira placed Hanae as Captain",
        ),
        (
            "character_placed",
            json!({ "character_id": 7, "role_name": "Captain", "player_role": "x" }),
            "x placed a character as Captain",
        ),
        ("chat_message", json!({ "player": { "nickname": "Ben" }, "message": "hi" }), "Ben: hi"),
        ("game_ended", json!({ "reason": "all_placed" }), "The game ended: all placed"),
        ("cube_offered", json!({}), "Cube offered"),
        ("", json!(null), ""),
    ] {
        assert_eq!(teller.tell(event, &data), told, "{event}");
    }
}
