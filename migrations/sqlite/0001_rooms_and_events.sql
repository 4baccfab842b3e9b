-- Rooms and what happened in them.
--
-- Times are milliseconds since 1970-01-01T00:00:00Z. Players are the 16 bytes of their UUID. Constraints and indexes are named
-- after what they promise; src/log maps a violation to an answer by the columns that SQLite names.

-- One game being played. Everything in it but the first columns can be told from its events; it is here so that a room can be
-- found without reading them.
CREATE TABLE rooms (
    -- Small, because every event carries it. Given by the writer; INTEGER PRIMARY KEY makes it the row's own address.
    id          INTEGER NOT NULL CONSTRAINT rooms_pkey PRIMARY KEY,
    code        TEXT    NOT NULL,
    game        TEXT    NOT NULL,
    visibility  TEXT    NOT NULL,
    created_by  BLOB    NOT NULL,
    created_at  INTEGER NOT NULL,
    -- The id that the maker gave the command, if any.
    command_id  TEXT,
    status      TEXT    NOT NULL,
    -- The earliest of the room's deadlines.
    wake_at     INTEGER,
    -- Set when the room was completed or abandoned; rooms are deleted some time after.
    ended_at    INTEGER,
    -- What lists show of the room, as JSON.
    listing     TEXT    NOT NULL,

    -- A code alone finds its room, whatever the game.
    CONSTRAINT rooms_code_key UNIQUE (code),
    -- A room asked for twice is made once. NULLs are distinct, so rooms without an id do not meet here. Begins with the maker
    -- because it also answers how many rooms somebody has.
    CONSTRAINT rooms_created_by_command_id_key UNIQUE (created_by, command_id),
    -- Codes are six characters (src/id.rs knows which).
    CONSTRAINT rooms_code_check CHECK (length(code) = 6),
    -- Who finds a room without its code.
    CONSTRAINT rooms_visibility_check CHECK (visibility IN ('private', 'public')),
    -- The maker is a UUID.
    CONSTRAINT rooms_created_by_check CHECK (length(created_by) = 16),
    -- Clients may make a command's id 64 characters long: at most 256 bytes (as a blob, because length() stops at a NUL).
    CONSTRAINT rooms_command_id_check CHECK (length(CAST(command_id AS BLOB)) BETWEEN 1 AND 256),
    -- The stations of a room's life.
    CONSTRAINT rooms_status_check CHECK (status IN ('waiting', 'ready', 'in_progress', 'completed', 'abandoned'))
) STRICT;

-- Deadlines that are due; rooms without one cost nothing.
CREATE INDEX rooms_wake_at_idx ON rooms (wake_at) WHERE wake_at IS NOT NULL;

-- Rooms to be deleted; rooms that live cost nothing.
CREATE INDEX rooms_ended_at_idx ON rooms (ended_at) WHERE ended_at IS NOT NULL;

-- The public list, newest first, of one status (what people look at: rooms that wait) …
CREATE INDEX rooms_public_status_idx ON rooms (status, created_at) WHERE visibility = 'public';

-- … and of all. No column of it ever changes, so moves do not touch it.
CREATE INDEX rooms_public_idx ON rooms (created_at) WHERE visibility = 'public';

-- The log: what happened in each room, in order, without gaps. Never changed; deleted only with its room.
CREATE TABLE events (
    room_id     INTEGER NOT NULL,
    -- 1, 2, 3, … in each room.
    seq         INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    -- The event as JSON, as the room wrote it.
    body        TEXT    NOT NULL,
    -- On the last event of a command that carried an id: who sent it, and the id.
    player_id   BLOB,
    command_id  TEXT,

    -- The lock of the whole design: who appends a seq first wins, others read what is newer and decide again.
    CONSTRAINT events_pkey PRIMARY KEY (room_id, seq),
    -- No events without a room; they go when it goes.
    CONSTRAINT events_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE CASCADE,
    -- 0 stands before the first.
    CONSTRAINT events_seq_check CHECK (seq BETWEEN 1 AND 4294967295),
    -- An id belongs to whoever gave it.
    CONSTRAINT events_command_check CHECK ((player_id IS NULL) = (command_id IS NULL)),
    -- The sender is a UUID.
    CONSTRAINT events_player_id_check CHECK (length(player_id) = 16),
    -- As for rooms.
    CONSTRAINT events_command_id_check CHECK (length(CAST(command_id AS BLOB)) BETWEEN 1 AND 256)
) STRICT, WITHOUT ROWID;

-- A command sent again is applied once, also on another node, also after a crash. Events without an id are not in it.
CREATE UNIQUE INDEX events_command_key ON events (room_id, player_id, command_id) WHERE command_id IS NOT NULL;

-- Folded states: a cache that may be emptied at any time.
CREATE TABLE snapshots (
    room_id     INTEGER NOT NULL,
    -- The last event that is folded in.
    seq         INTEGER NOT NULL,
    body        TEXT    NOT NULL,

    -- One state per point of a log.
    CONSTRAINT snapshots_pkey PRIMARY KEY (room_id, seq),
    -- They go when the room goes.
    CONSTRAINT snapshots_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE CASCADE
) STRICT;

-- Who is in which room. A player stays in it through the grace period, so that a restart can begin that anew.
CREATE TABLE presence (
    room_id     INTEGER NOT NULL,
    player_id   BLOB    NOT NULL,

    -- A player is in a room or not, with however many tabs.
    CONSTRAINT presence_pkey PRIMARY KEY (room_id, player_id),
    -- They go when the room goes.
    CONSTRAINT presence_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE CASCADE,
    -- Players are UUIDs.
    CONSTRAINT presence_player_id_check CHECK (length(player_id) = 16)
) STRICT, WITHOUT ROWID;

-- One row that is written to find out whether the store takes writes.
CREATE TABLE probe (
    id          INTEGER NOT NULL CONSTRAINT probe_pkey PRIMARY KEY,
    at          INTEGER NOT NULL,

    -- There is only the one.
    CONSTRAINT probe_id_check CHECK (id = 1)
) STRICT;
