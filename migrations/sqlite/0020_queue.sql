-- Who waits for an opponent, and which two were given to each other.
--
-- As in the other tables: times are milliseconds since 1970-01-01T00:00:00Z, ids are the 16 bytes of a UUID, and constraints are named
-- after what they promise.

-- One row, written first by every transaction that changes the queue: they come one after another, on all nodes. What it counts gives
-- each newcomer the next number.
CREATE TABLE queue_state (
    id          INTEGER NOT NULL CONSTRAINT queue_state_pkey PRIMARY KEY,
    changes     INTEGER NOT NULL,

    -- There is only the one.
    CONSTRAINT queue_state_id_check CHECK (id = 1)
) STRICT;

INSERT INTO queue_state (id, changes) VALUES (1, 0);

-- Who waits.
CREATE TABLE queue_entries (
    player_id   BLOB    NOT NULL,
    game        TEXT    NOT NULL,
    nickname    TEXT    NOT NULL,
    -- 1 for a guest.
    guest       INTEGER NOT NULL,
    -- In this game, when they came.
    rating      INTEGER NOT NULL,
    -- Who came earlier has a smaller one.
    ticket      INTEGER NOT NULL,
    joined_at   INTEGER NOT NULL,
    -- Until when they count as waiting, unless they show themselves again.
    expires_at  INTEGER NOT NULL,
    -- 1 when nobody is connected just now: they keep their place for a moment, and are not paired.
    away        INTEGER NOT NULL,

    -- A player waits for one game at a time.
    CONSTRAINT queue_entries_pkey PRIMARY KEY (player_id),
    -- Players are UUIDs.
    CONSTRAINT queue_entries_player_id_check CHECK (length(player_id) = 16),
    -- 1 to 24 characters, of at most 4 bytes each.
    CONSTRAINT queue_entries_nickname_check CHECK (length(CAST(nickname AS BLOB)) BETWEEN 1 AND 96),
    -- Yes or no.
    CONSTRAINT queue_entries_guest_check CHECK (guest IN (0, 1)),
    CONSTRAINT queue_entries_away_check CHECK (away IN (0, 1)),
    -- Nobody has another's place.
    CONSTRAINT queue_entries_ticket_key UNIQUE (ticket)
) STRICT, WITHOUT ROWID;

-- Two who were paired. Their room is opened after that, by whichever node comes first, with a command named after the id: once.
CREATE TABLE queue_matches (
    id          BLOB    NOT NULL,
    game        TEXT    NOT NULL,
    made_at     INTEGER NOT NULL,
    -- Once it is open.
    room_code   TEXT,
    opened_at   INTEGER,

    CONSTRAINT queue_matches_pkey PRIMARY KEY (id),
    -- Matches are UUIDs.
    CONSTRAINT queue_matches_id_check CHECK (length(id) = 16),
    -- Codes are six characters (src/id.rs knows which).
    CONSTRAINT queue_matches_room_code_check CHECK (length(room_code) = 6),
    -- A room has been opened at some time.
    CONSTRAINT queue_matches_opened_check CHECK ((room_code IS NULL) = (opened_at IS NULL))
) STRICT, WITHOUT ROWID;

-- Matches without a room: whatever a node left unfinished.
CREATE INDEX queue_matches_open_idx ON queue_matches (made_at) WHERE room_code IS NULL;

-- Those to be told, …
CREATE INDEX queue_matches_opened_at_idx ON queue_matches (opened_at);

-- … those of which the usual wait is told, and old ones, to be deleted.
CREATE INDEX queue_matches_made_at_idx ON queue_matches (made_at);

-- The two of a match.
CREATE TABLE queue_seats (
    match_id    BLOB    NOT NULL,
    -- 0 is the host's.
    seat        INTEGER NOT NULL,
    player_id   BLOB    NOT NULL,
    nickname    TEXT    NOT NULL,
    guest       INTEGER NOT NULL,
    -- The level, when it is a bot.
    bot         TEXT,
    -- How long they waited, in milliseconds.
    waited      INTEGER NOT NULL,
    -- 1 when they asked for something else since: they are not told of it any more.
    done        INTEGER NOT NULL,

    -- One player per seat …
    CONSTRAINT queue_seats_pkey PRIMARY KEY (match_id, seat),
    -- … and nobody plays with themselves.
    CONSTRAINT queue_seats_player_key UNIQUE (match_id, player_id),
    -- They go when the match goes.
    CONSTRAINT queue_seats_match_id_fkey FOREIGN KEY (match_id) REFERENCES queue_matches (id) ON DELETE CASCADE,
    -- Two players.
    CONSTRAINT queue_seats_seat_check CHECK (seat IN (0, 1)),
    -- Players are UUIDs.
    CONSTRAINT queue_seats_player_id_check CHECK (length(player_id) = 16),
    -- Yes or no.
    CONSTRAINT queue_seats_guest_check CHECK (guest IN (0, 1)),
    CONSTRAINT queue_seats_done_check CHECK (done IN (0, 1))
) STRICT, WITHOUT ROWID;

-- A player's matches.
CREATE INDEX queue_seats_player_idx ON queue_seats (player_id);
