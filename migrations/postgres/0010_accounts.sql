-- Players, their accounts, and what ends their tokens: the same tables, under the same number, as for SQLite.

CREATE TABLE players (
    id          BYTEA  NOT NULL,
    nickname    TEXT   NOT NULL,
    guest       BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    games       BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT players_pkey PRIMARY KEY (id),
    CONSTRAINT players_id_check CHECK (length(id) = 16),
    CONSTRAINT players_nickname_check CHECK (octet_length(nickname) BETWEEN 1 AND 96),
    CONSTRAINT players_guest_check CHECK (guest IN (0, 1)),
    CONSTRAINT players_games_check CHECK (games >= 0)
);

COMMENT ON TABLE players IS 'Somebody who has taken a seat or made an account. A guest who only looked around is in no table.';
COMMENT ON COLUMN players.nickname IS 'What others see; see src/account/nickname.rs.';
COMMENT ON COLUMN players.guest IS '1 for a guest: the player is whoever holds a token, and nothing else is known of them.';
COMMENT ON COLUMN players.seen_at IS 'When they last took a seat, signed in or renewed a token; exact to the hour.';
COMMENT ON COLUMN players.games IS 'Games played to their end, also those whose rooms are deleted.';
COMMENT ON CONSTRAINT players_pkey ON players IS 'One row per player.';
COMMENT ON CONSTRAINT players_id_check ON players IS 'Players are UUIDs.';
COMMENT ON CONSTRAINT players_nickname_check ON players IS '1 to 24 characters, of at most 4 bytes each.';
COMMENT ON CONSTRAINT players_guest_check ON players IS 'Yes or no.';
COMMENT ON CONSTRAINT players_games_check ON players IS 'Counted up only.';

-- Guests by when they were last seen: the oldest are forgotten. Accounts cost nothing here.
CREATE INDEX players_guests_idx ON players (seen_at) WHERE guest = 1;

CREATE TABLE accounts (
    player_id   BYTEA  NOT NULL,
    username    TEXT   NOT NULL,
    username_key TEXT COLLATE "C" NOT NULL,
    password    TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,

    CONSTRAINT accounts_pkey PRIMARY KEY (player_id),
    CONSTRAINT accounts_player_id_fkey FOREIGN KEY (player_id) REFERENCES players (id) ON DELETE CASCADE,
    CONSTRAINT accounts_username_key UNIQUE (username_key),
    CONSTRAINT accounts_username_check CHECK (length(username) BETWEEN 3 AND 24),
    CONSTRAINT accounts_password_check CHECK (password LIKE '$argon2id$%' AND length(password) <= 256)
);

COMMENT ON TABLE accounts IS 'How a player proves who they are after their tokens are gone.';
COMMENT ON COLUMN accounts.username IS 'The name to sign in with, as it was chosen.';
COMMENT ON COLUMN accounts.username_key IS 'The same in lower case: capitals do not make another name.';
COMMENT ON COLUMN accounts.password IS 'A PHC string: the algorithm, its costs, the salt and the hash. Never the password.';
COMMENT ON CONSTRAINT accounts_pkey ON accounts IS 'One account per player.';
COMMENT ON CONSTRAINT accounts_player_id_fkey ON accounts IS 'It goes when the player goes.';
COMMENT ON CONSTRAINT accounts_username_key ON accounts IS 'A name finds one account.';
COMMENT ON CONSTRAINT accounts_username_check ON accounts IS 'ASCII, 3 to 24 characters (src/account/username.rs knows which).';
COMMENT ON CONSTRAINT accounts_password_check ON accounts IS 'Only argon2id is written.';

CREATE TABLE sessions (
    id          BYTEA  NOT NULL,
    player_id   BYTEA  NOT NULL,
    generation  BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,

    CONSTRAINT sessions_pkey PRIMARY KEY (id),
    CONSTRAINT sessions_player_id_fkey FOREIGN KEY (player_id) REFERENCES players (id) ON DELETE CASCADE,
    CONSTRAINT sessions_id_check CHECK (length(id) = 16),
    CONSTRAINT sessions_generation_check CHECK (generation BETWEEN 1 AND 4294967295)
);

COMMENT ON TABLE sessions IS 'A chain of refresh tokens, each of which replaced the one before. Gone when it was revoked or ran out.';
COMMENT ON COLUMN sessions.generation IS 'The number of the one token of the chain that counts. One with a smaller number was used before.';
COMMENT ON COLUMN sessions.expires_at IS 'When the newest token runs out.';
COMMENT ON CONSTRAINT sessions_pkey ON sessions IS 'One row per chain.';
COMMENT ON CONSTRAINT sessions_player_id_fkey ON sessions IS 'They go when the player goes.';
COMMENT ON CONSTRAINT sessions_id_check ON sessions IS 'Sessions are UUIDs.';
COMMENT ON CONSTRAINT sessions_generation_check ON sessions IS '1, 2, 3, …';

-- Everywhere somebody is signed in: to sign them out there, and to bound how many there are.
CREATE INDEX sessions_player_idx ON sessions (player_id, created_at);

-- Sessions that ran out, to be deleted.
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);

CREATE TABLE revocations (
    kind        TEXT COLLATE "C" NOT NULL,
    id          BYTEA  NOT NULL,
    at          BIGINT NOT NULL,

    CONSTRAINT revocations_pkey PRIMARY KEY (kind, id),
    CONSTRAINT revocations_kind_check CHECK (kind IN ('player', 'session')),
    CONSTRAINT revocations_id_check CHECK (length(id) = 16)
);

COMMENT ON TABLE revocations IS 'What no longer counts: every token of a player, or of one session, that was issued at "at" or before. Deleted when the last such token has expired. Belongs to no player''s row, because it has to outlive it.';
COMMENT ON COLUMN revocations.id IS 'A player or a session.';
COMMENT ON CONSTRAINT revocations_pkey ON revocations IS 'Only the latest matters.';
COMMENT ON CONSTRAINT revocations_kind_check ON revocations IS 'What the id names.';
COMMENT ON CONSTRAINT revocations_id_check ON revocations IS 'Both are UUIDs.';

CREATE TABLE seatings (
    player_id   BYTEA  NOT NULL,
    room_id     BIGINT NOT NULL,
    seated_at   BIGINT NOT NULL,
    counted_at  BIGINT,

    CONSTRAINT seatings_pkey PRIMARY KEY (player_id, room_id),
    CONSTRAINT seatings_player_id_fkey FOREIGN KEY (player_id) REFERENCES players (id) ON DELETE CASCADE,
    CONSTRAINT seatings_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE CASCADE
);

COMMENT ON TABLE seatings IS 'Who has had a seat in which room: a player''s games, from the rooms that are still there.';
COMMENT ON COLUMN seatings.counted_at IS 'When the last game that was played to its end in this room ended, once it is counted in players.games.';
COMMENT ON CONSTRAINT seatings_pkey ON seatings IS 'However often somebody leaves and comes back.';
COMMENT ON CONSTRAINT seatings_player_id_fkey ON seatings IS 'They go when the player goes …';
COMMENT ON CONSTRAINT seatings_room_id_fkey ON seatings IS '… or when the room goes.';

-- A player's games, newest first.
CREATE INDEX seatings_player_idx ON seatings (player_id, seated_at);

-- The people of one room; also what deleting a room looks for.
CREATE INDEX seatings_room_idx ON seatings (room_id);
