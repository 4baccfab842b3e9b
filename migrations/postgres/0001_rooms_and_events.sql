-- Rooms and what happened in them: the same tables, under the same number, as for SQLite.
--
-- Times are milliseconds since 1970-01-01T00:00:00Z. Players are the 16 bytes of their UUID. src/log maps a violation to an answer by
-- the constraint's name. JSON is kept as TEXT: what a room wrote is read back to the byte, also a \u0000, which JSONB cannot hold, and
-- no query looks into it (by hand, body::jsonb does).

CREATE TABLE rooms (
    id          BIGINT NOT NULL,
    -- Compared byte by byte, whatever language the database is made for: cheaper, and no upgrade of the system's collations can hurt
    -- an index.
    code        TEXT COLLATE "C" NOT NULL,
    game        TEXT COLLATE "C" NOT NULL,
    visibility  TEXT COLLATE "C" NOT NULL,
    created_by  BYTEA  NOT NULL,
    created_at  BIGINT NOT NULL,
    command_id  TEXT COLLATE "C",
    status      TEXT COLLATE "C" NOT NULL,
    wake_at     BIGINT,
    ended_at    BIGINT,
    listing     TEXT   NOT NULL,

    CONSTRAINT rooms_pkey PRIMARY KEY (id),
    CONSTRAINT rooms_code_key UNIQUE (code),
    CONSTRAINT rooms_created_by_command_id_key UNIQUE (created_by, command_id),
    CONSTRAINT rooms_code_check CHECK (length(code) = 6),
    CONSTRAINT rooms_visibility_check CHECK (visibility IN ('private', 'public')),
    CONSTRAINT rooms_created_by_check CHECK (length(created_by) = 16),
    CONSTRAINT rooms_command_id_check CHECK (octet_length(command_id) BETWEEN 1 AND 256),
    CONSTRAINT rooms_status_check CHECK (status IN ('waiting', 'ready', 'in_progress', 'completed', 'abandoned'))
-- A room's row changes with many moves: with free space beside it the new version stays on its page, and is cleaned up early.
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);

COMMENT ON TABLE rooms IS 'One game being played. Everything but the first columns can be told from its events; it is here so that a room can be found without reading them.';
COMMENT ON COLUMN rooms.id IS 'Small, because every event carries it. From rooms_id_seq.';
COMMENT ON COLUMN rooms.command_id IS 'The id that the maker gave the command, if any.';
COMMENT ON COLUMN rooms.wake_at IS 'The earliest of the room''s deadlines.';
COMMENT ON COLUMN rooms.ended_at IS 'Set when the room was completed or abandoned; rooms are deleted some time after.';
COMMENT ON COLUMN rooms.listing IS 'What lists show of the room, as JSON.';
COMMENT ON CONSTRAINT rooms_pkey ON rooms IS 'One row per room.';
COMMENT ON CONSTRAINT rooms_code_key ON rooms IS 'A code alone finds its room, whatever the game.';
COMMENT ON CONSTRAINT rooms_created_by_command_id_key ON rooms IS 'A room asked for twice is made once. NULLs are distinct, so rooms without an id do not meet here. Begins with the maker because it also answers how many rooms somebody has.';
COMMENT ON CONSTRAINT rooms_code_check ON rooms IS 'Codes are six characters (src/id.rs knows which).';
COMMENT ON CONSTRAINT rooms_visibility_check ON rooms IS 'Who finds a room without its code.';
COMMENT ON CONSTRAINT rooms_created_by_check ON rooms IS 'The maker is a UUID.';
COMMENT ON CONSTRAINT rooms_command_id_check ON rooms IS 'Clients may make a command''s id 64 characters long: at most 256 bytes.';
COMMENT ON CONSTRAINT rooms_status_check ON rooms IS 'The stations of a room''s life.';

-- Numbers for rooms: several nodes make rooms at once.
CREATE SEQUENCE rooms_id_seq OWNED BY rooms.id;

-- Deadlines that are due; rooms without one cost nothing.
CREATE INDEX rooms_wake_at_idx ON rooms (wake_at) WHERE wake_at IS NOT NULL;

-- Rooms to be deleted; rooms that live cost nothing.
CREATE INDEX rooms_ended_at_idx ON rooms (ended_at) WHERE ended_at IS NOT NULL;

-- The public list, newest first, of one status (what people look at: rooms that wait) …
CREATE INDEX rooms_public_status_idx ON rooms (status, created_at) WHERE visibility = 'public';

-- … and of all.
CREATE INDEX rooms_public_idx ON rooms (created_at) WHERE visibility = 'public';

CREATE TABLE events (
    room_id     BIGINT NOT NULL,
    seq         BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    body        TEXT   NOT NULL,
    player_id   BYTEA,
    command_id  TEXT COLLATE "C",

    CONSTRAINT events_pkey PRIMARY KEY (room_id, seq),
    CONSTRAINT events_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE CASCADE,
    CONSTRAINT events_seq_check CHECK (seq BETWEEN 1 AND 4294967295),
    CONSTRAINT events_command_check CHECK ((player_id IS NULL) = (command_id IS NULL)),
    CONSTRAINT events_player_id_check CHECK (length(player_id) = 16),
    CONSTRAINT events_command_id_check CHECK (octet_length(command_id) BETWEEN 1 AND 256)
);

COMMENT ON TABLE events IS 'The log: what happened in each room, in order, without gaps. Never changed; deleted only with its room.';
COMMENT ON COLUMN events.seq IS '1, 2, 3, … in each room.';
COMMENT ON COLUMN events.body IS 'The event as JSON, as the room wrote it.';
COMMENT ON COLUMN events.player_id IS 'On the last event of a command that carried an id: who sent it.';
COMMENT ON CONSTRAINT events_pkey ON events IS 'The lock of the whole design: who appends a seq first wins, others read what is newer and decide again.';
COMMENT ON CONSTRAINT events_room_id_fkey ON events IS 'No events without a room; they go when it goes.';
COMMENT ON CONSTRAINT events_seq_check ON events IS '0 stands before the first.';
COMMENT ON CONSTRAINT events_command_check ON events IS 'An id belongs to whoever gave it.';
COMMENT ON CONSTRAINT events_player_id_check ON events IS 'The sender is a UUID.';
COMMENT ON CONSTRAINT events_command_id_check ON events IS 'As for rooms.';

-- A command sent again is applied once, also on another node, also after a crash. Events without an id are not in it.
CREATE UNIQUE INDEX events_command_key ON events (room_id, player_id, command_id) WHERE command_id IS NOT NULL;

CREATE TABLE snapshots (
    room_id     BIGINT NOT NULL,
    seq         BIGINT NOT NULL,
    body        TEXT   NOT NULL,

    CONSTRAINT snapshots_pkey PRIMARY KEY (room_id, seq),
    CONSTRAINT snapshots_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE CASCADE
);

COMMENT ON TABLE snapshots IS 'Folded states: a cache that may be emptied at any time.';
COMMENT ON COLUMN snapshots.seq IS 'The last event that is folded in.';
COMMENT ON CONSTRAINT snapshots_pkey ON snapshots IS 'One state per point of a log.';
COMMENT ON CONSTRAINT snapshots_room_id_fkey ON snapshots IS 'They go when the room goes.';

CREATE TABLE presence (
    room_id     BIGINT NOT NULL,
    player_id   BYTEA  NOT NULL,

    CONSTRAINT presence_pkey PRIMARY KEY (room_id, player_id),
    CONSTRAINT presence_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE CASCADE,
    CONSTRAINT presence_player_id_check CHECK (length(player_id) = 16)
);

COMMENT ON TABLE presence IS 'Who is in which room. A player stays in it through the grace period, so that a restart can begin that anew.';
COMMENT ON CONSTRAINT presence_pkey ON presence IS 'A player is in a room or not, with however many tabs.';
COMMENT ON CONSTRAINT presence_room_id_fkey ON presence IS 'They go when the room goes.';
COMMENT ON CONSTRAINT presence_player_id_check ON presence IS 'Players are UUIDs.';

CREATE TABLE probe (
    id          BIGINT NOT NULL,
    at          BIGINT NOT NULL,

    CONSTRAINT probe_pkey PRIMARY KEY (id),
    CONSTRAINT probe_id_check CHECK (id = 1)
);

COMMENT ON TABLE probe IS 'One row that is written to find out whether the store takes writes.';
COMMENT ON CONSTRAINT probe_pkey ON probe IS 'As every table has one.';
COMMENT ON CONSTRAINT probe_id_check ON probe IS 'There is only the one.';
