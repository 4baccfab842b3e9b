-- Who waits for an opponent, and which two were given to each other: the same tables, under the same number, as for SQLite.

CREATE TABLE queue_state (
    id          BIGINT NOT NULL,
    changes     BIGINT NOT NULL,

    CONSTRAINT queue_state_pkey PRIMARY KEY (id),
    CONSTRAINT queue_state_id_check CHECK (id = 1)
-- Changed all the time, and the only row of its table.
) WITH (fillfactor = 20);

INSERT INTO queue_state (id, changes) VALUES (1, 0);

COMMENT ON TABLE queue_state IS 'One row, written first by every transaction that changes the queue: they come one after another, on all nodes.';
COMMENT ON COLUMN queue_state.changes IS 'Gives each newcomer the next number.';
COMMENT ON CONSTRAINT queue_state_pkey ON queue_state IS 'One row.';
COMMENT ON CONSTRAINT queue_state_id_check ON queue_state IS 'There is only the one.';

CREATE TABLE queue_entries (
    player_id   BYTEA  NOT NULL,
    game        TEXT   NOT NULL,
    nickname    TEXT   NOT NULL,
    guest       BIGINT NOT NULL,
    rating      BIGINT NOT NULL,
    ticket      BIGINT NOT NULL,
    joined_at   BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    away        BIGINT NOT NULL,

    CONSTRAINT queue_entries_pkey PRIMARY KEY (player_id),
    CONSTRAINT queue_entries_player_id_check CHECK (length(player_id) = 16),
    CONSTRAINT queue_entries_nickname_check CHECK (octet_length(nickname) BETWEEN 1 AND 96),
    CONSTRAINT queue_entries_guest_check CHECK (guest IN (0, 1)),
    CONSTRAINT queue_entries_away_check CHECK (away IN (0, 1)),
    CONSTRAINT queue_entries_ticket_key UNIQUE (ticket)
);

COMMENT ON TABLE queue_entries IS 'Who waits.';
COMMENT ON COLUMN queue_entries.guest IS '1 for a guest.';
COMMENT ON COLUMN queue_entries.rating IS 'In this game, when they came.';
COMMENT ON COLUMN queue_entries.ticket IS 'Who came earlier has a smaller one.';
COMMENT ON COLUMN queue_entries.expires_at IS 'Until when they count as waiting, unless they show themselves again.';
COMMENT ON COLUMN queue_entries.away IS '1 when nobody is connected just now: they keep their place for a moment, and are not paired.';
COMMENT ON CONSTRAINT queue_entries_pkey ON queue_entries IS 'A player waits for one game at a time.';
COMMENT ON CONSTRAINT queue_entries_player_id_check ON queue_entries IS 'Players are UUIDs.';
COMMENT ON CONSTRAINT queue_entries_nickname_check ON queue_entries IS '1 to 24 characters, of at most 4 bytes each.';
COMMENT ON CONSTRAINT queue_entries_guest_check ON queue_entries IS 'Yes or no.';
COMMENT ON CONSTRAINT queue_entries_away_check ON queue_entries IS 'Yes or no.';
COMMENT ON CONSTRAINT queue_entries_ticket_key ON queue_entries IS 'Nobody has another''s place.';

CREATE TABLE queue_matches (
    id          BYTEA  NOT NULL,
    game        TEXT   NOT NULL,
    made_at     BIGINT NOT NULL,
    room_code   TEXT,
    opened_at   BIGINT,

    CONSTRAINT queue_matches_pkey PRIMARY KEY (id),
    CONSTRAINT queue_matches_id_check CHECK (length(id) = 16),
    CONSTRAINT queue_matches_room_code_check CHECK (length(room_code) = 6),
    CONSTRAINT queue_matches_opened_check CHECK ((room_code IS NULL) = (opened_at IS NULL))
);

COMMENT ON TABLE queue_matches IS 'Two who were paired. Their room is opened after that, by whichever node comes first, with a command named after the id: once.';
COMMENT ON COLUMN queue_matches.room_code IS 'Once it is open.';
COMMENT ON CONSTRAINT queue_matches_pkey ON queue_matches IS 'One row per match.';
COMMENT ON CONSTRAINT queue_matches_id_check ON queue_matches IS 'Matches are UUIDs.';
COMMENT ON CONSTRAINT queue_matches_room_code_check ON queue_matches IS 'Codes are six characters (src/id.rs knows which).';
COMMENT ON CONSTRAINT queue_matches_opened_check ON queue_matches IS 'A room has been opened at some time.';

-- Matches without a room: whatever a node left unfinished.
CREATE INDEX queue_matches_open_idx ON queue_matches (made_at) WHERE room_code IS NULL;

-- Those to be told, …
CREATE INDEX queue_matches_opened_at_idx ON queue_matches (opened_at);

-- … those of which the usual wait is told, and old ones, to be deleted.
CREATE INDEX queue_matches_made_at_idx ON queue_matches (made_at);

CREATE TABLE queue_seats (
    match_id    BYTEA  NOT NULL,
    seat        BIGINT NOT NULL,
    player_id   BYTEA  NOT NULL,
    nickname    TEXT   NOT NULL,
    guest       BIGINT NOT NULL,
    bot         TEXT,
    waited      BIGINT NOT NULL,
    done        BIGINT NOT NULL,

    CONSTRAINT queue_seats_pkey PRIMARY KEY (match_id, seat),
    CONSTRAINT queue_seats_player_key UNIQUE (match_id, player_id),
    CONSTRAINT queue_seats_match_id_fkey FOREIGN KEY (match_id) REFERENCES queue_matches (id) ON DELETE CASCADE,
    CONSTRAINT queue_seats_seat_check CHECK (seat IN (0, 1)),
    CONSTRAINT queue_seats_player_id_check CHECK (length(player_id) = 16),
    CONSTRAINT queue_seats_guest_check CHECK (guest IN (0, 1)),
    CONSTRAINT queue_seats_done_check CHECK (done IN (0, 1))
);

COMMENT ON TABLE queue_seats IS 'The two of a match.';
COMMENT ON COLUMN queue_seats.seat IS '0 is the host''s.';
COMMENT ON COLUMN queue_seats.bot IS 'The level, when it is a bot.';
COMMENT ON COLUMN queue_seats.waited IS 'How long they waited, in milliseconds.';
COMMENT ON COLUMN queue_seats.done IS '1 when they asked for something else since: they are not told of it any more.';
COMMENT ON CONSTRAINT queue_seats_pkey ON queue_seats IS 'One player per seat.';
COMMENT ON CONSTRAINT queue_seats_player_key ON queue_seats IS 'Nobody plays with themselves.';
COMMENT ON CONSTRAINT queue_seats_match_id_fkey ON queue_seats IS 'They go when the match goes.';
COMMENT ON CONSTRAINT queue_seats_seat_check ON queue_seats IS 'Two players.';
COMMENT ON CONSTRAINT queue_seats_player_id_check ON queue_seats IS 'Players are UUIDs.';
COMMENT ON CONSTRAINT queue_seats_guest_check ON queue_seats IS 'Yes or no.';
COMMENT ON CONSTRAINT queue_seats_done_check ON queue_seats IS 'Yes or no.';

-- A player's matches.
CREATE INDEX queue_seats_player_idx ON queue_seats (player_id);
