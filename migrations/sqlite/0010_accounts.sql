-- Players, their accounts, and what ends their tokens.
--
-- As in the other tables: times are milliseconds since 1970-01-01T00:00:00Z, ids are the 16 bytes of a UUID, and constraints are named
-- after what they promise.

-- Somebody who has taken a seat or made an account. A guest who only looked around is in no table.
CREATE TABLE players (
    id          BLOB    NOT NULL,
    -- What others see; see src/account/nickname.rs.
    nickname    TEXT    NOT NULL,
    -- 1 for a guest: the player is whoever holds a token, and nothing else is known of them.
    guest       INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    -- When they last took a seat, signed in or renewed a token; exact to the hour.
    seen_at     INTEGER NOT NULL,
    -- Games played to their end, also those whose rooms are deleted.
    games       INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT players_pkey PRIMARY KEY (id),
    -- Players are UUIDs.
    CONSTRAINT players_id_check CHECK (length(id) = 16),
    -- 1 to 24 characters, of at most 4 bytes each.
    CONSTRAINT players_nickname_check CHECK (length(CAST(nickname AS BLOB)) BETWEEN 1 AND 96),
    -- Yes or no.
    CONSTRAINT players_guest_check CHECK (guest IN (0, 1)),
    -- Counted up only.
    CONSTRAINT players_games_check CHECK (games >= 0)
) STRICT, WITHOUT ROWID;

-- Guests by when they were last seen: the oldest are forgotten. Accounts cost nothing here.
CREATE INDEX players_guests_idx ON players (seen_at) WHERE guest = 1;

-- How a player proves who they are after their tokens are gone.
CREATE TABLE accounts (
    player_id   BLOB    NOT NULL,
    -- The name to sign in with, as it was chosen …
    username    TEXT    NOT NULL,
    -- … and in lower case: capitals do not make another name.
    username_key TEXT   NOT NULL,
    -- A PHC string: the algorithm, its costs, the salt and the hash. Never the password.
    password    TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,

    -- One account per player.
    CONSTRAINT accounts_pkey PRIMARY KEY (player_id),
    -- It goes when the player goes.
    CONSTRAINT accounts_player_id_fkey FOREIGN KEY (player_id) REFERENCES players (id) ON DELETE CASCADE,
    -- A name finds one account.
    CONSTRAINT accounts_username_key UNIQUE (username_key),
    -- ASCII, 3 to 24 characters (src/account/username.rs knows which).
    CONSTRAINT accounts_username_check CHECK (length(username) BETWEEN 3 AND 24),
    -- Only argon2id is written.
    CONSTRAINT accounts_password_check CHECK (password LIKE '$argon2id$%' AND length(password) <= 256)
) STRICT, WITHOUT ROWID;

-- A chain of refresh tokens, each of which replaced the one before. Gone when it was revoked or ran out.
CREATE TABLE sessions (
    id          BLOB    NOT NULL,
    player_id   BLOB    NOT NULL,
    -- The number of the one token of the chain that counts. One with a smaller number was used before.
    generation  INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    -- When the newest token runs out.
    expires_at  INTEGER NOT NULL,

    CONSTRAINT sessions_pkey PRIMARY KEY (id),
    -- They go when the player goes.
    CONSTRAINT sessions_player_id_fkey FOREIGN KEY (player_id) REFERENCES players (id) ON DELETE CASCADE,
    -- Sessions are UUIDs.
    CONSTRAINT sessions_id_check CHECK (length(id) = 16),
    -- 1, 2, 3, …
    CONSTRAINT sessions_generation_check CHECK (generation BETWEEN 1 AND 4294967295)
) STRICT, WITHOUT ROWID;

-- Everywhere somebody is signed in: to sign them out there, and to bound how many there are.
CREATE INDEX sessions_player_idx ON sessions (player_id, created_at);

-- Sessions that ran out, to be deleted.
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);

-- What no longer counts: every token of a player, or of one session, that was issued at `at` or before. Read at the start, and
-- deleted when the last such token has expired. Belongs to no player's row, because it has to outlive it.
CREATE TABLE revocations (
    kind        TEXT    NOT NULL,
    -- A player or a session.
    id          BLOB    NOT NULL,
    at          INTEGER NOT NULL,

    -- Only the latest matters.
    CONSTRAINT revocations_pkey PRIMARY KEY (kind, id),
    -- What the id names.
    CONSTRAINT revocations_kind_check CHECK (kind IN ('player', 'session')),
    -- Both are UUIDs.
    CONSTRAINT revocations_id_check CHECK (length(id) = 16)
) STRICT, WITHOUT ROWID;

-- Who has had a seat in which room: a player's games, from the rooms that are still there.
CREATE TABLE seatings (
    player_id   BLOB    NOT NULL,
    room_id     INTEGER NOT NULL,
    seated_at   INTEGER NOT NULL,
    -- When the last game that was played to its end in this room ended, once it is counted in `players.games`.
    counted_at  INTEGER,

    -- However often somebody leaves and comes back.
    CONSTRAINT seatings_pkey PRIMARY KEY (player_id, room_id),
    -- They go when the player goes …
    CONSTRAINT seatings_player_id_fkey FOREIGN KEY (player_id) REFERENCES players (id) ON DELETE CASCADE,
    -- … or when the room goes.
    CONSTRAINT seatings_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- A player's games, newest first.
CREATE INDEX seatings_player_idx ON seatings (player_id, seated_at);

-- The people of one room; also what deleting a room looks for.
CREATE INDEX seatings_room_idx ON seatings (room_id);
