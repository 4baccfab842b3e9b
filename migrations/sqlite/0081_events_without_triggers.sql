-- no-transaction
-- The log without triggers.
--
-- Rows that go into a table with triggers are written into a temporary table first, made and thrown away for each statement, and a
-- statement that may fail half-way keeps copies of the pages it changes: a fifth of what a commit costs. Now the log writes the endings
-- itself (src/log/sqlite/script.rs), a CHECK counts the checkers, and a room that is not there is found when the transaction ends. The
-- promises are what they were.

-- As in 0080.
PRAGMA foreign_keys = OFF;
BEGIN IMMEDIATE;

CREATE TABLE events_new (
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
    CONSTRAINT events_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    -- 0 stands before the first.
    CONSTRAINT events_seq_check CHECK (seq BETWEEN 1 AND 4294967295),
    -- An id belongs to whoever gave it.
    CONSTRAINT events_command_check CHECK ((player_id IS NULL) = (command_id IS NULL)),
    -- The sender is a UUID.
    CONSTRAINT events_player_id_check CHECK (length(player_id) = 16),
    -- As for rooms.
    CONSTRAINT events_command_id_check CHECK (length(CAST(command_id AS BLOB)) BETWEEN 1 AND 256),
    -- A backgammon position can never be wrong: each side has 15 checkers, on the points, on the bar or borne off, in 26 places.
    -- Other games' rows are told apart by their first bytes, without reading their JSON.
    CONSTRAINT events_fifteen_checkers_check CHECK (
        substr(body, 1, 18) <> '{"played":{"what":' OR instr(body, '"board":{"white":[') = 0 OR (
            json_array_length(body, '$.played.table.board.white') = 26 AND instr(json_extract(body, '$.played.table.board.white'), '-') = 0 AND
            json_extract(body, '$.played.table.board.white[0]') + json_extract(body, '$.played.table.board.white[1]')
            + json_extract(body, '$.played.table.board.white[2]') + json_extract(body, '$.played.table.board.white[3]')
            + json_extract(body, '$.played.table.board.white[4]') + json_extract(body, '$.played.table.board.white[5]')
            + json_extract(body, '$.played.table.board.white[6]') + json_extract(body, '$.played.table.board.white[7]')
            + json_extract(body, '$.played.table.board.white[8]') + json_extract(body, '$.played.table.board.white[9]')
            + json_extract(body, '$.played.table.board.white[10]') + json_extract(body, '$.played.table.board.white[11]')
            + json_extract(body, '$.played.table.board.white[12]') + json_extract(body, '$.played.table.board.white[13]')
            + json_extract(body, '$.played.table.board.white[14]') + json_extract(body, '$.played.table.board.white[15]')
            + json_extract(body, '$.played.table.board.white[16]') + json_extract(body, '$.played.table.board.white[17]')
            + json_extract(body, '$.played.table.board.white[18]') + json_extract(body, '$.played.table.board.white[19]')
            + json_extract(body, '$.played.table.board.white[20]') + json_extract(body, '$.played.table.board.white[21]')
            + json_extract(body, '$.played.table.board.white[22]') + json_extract(body, '$.played.table.board.white[23]')
            + json_extract(body, '$.played.table.board.white[24]') + json_extract(body, '$.played.table.board.white[25]') = 15
            AND json_array_length(body, '$.played.table.board.black') = 26 AND instr(json_extract(body, '$.played.table.board.black'), '-') = 0 AND
            json_extract(body, '$.played.table.board.black[0]') + json_extract(body, '$.played.table.board.black[1]')
            + json_extract(body, '$.played.table.board.black[2]') + json_extract(body, '$.played.table.board.black[3]')
            + json_extract(body, '$.played.table.board.black[4]') + json_extract(body, '$.played.table.board.black[5]')
            + json_extract(body, '$.played.table.board.black[6]') + json_extract(body, '$.played.table.board.black[7]')
            + json_extract(body, '$.played.table.board.black[8]') + json_extract(body, '$.played.table.board.black[9]')
            + json_extract(body, '$.played.table.board.black[10]') + json_extract(body, '$.played.table.board.black[11]')
            + json_extract(body, '$.played.table.board.black[12]') + json_extract(body, '$.played.table.board.black[13]')
            + json_extract(body, '$.played.table.board.black[14]') + json_extract(body, '$.played.table.board.black[15]')
            + json_extract(body, '$.played.table.board.black[16]') + json_extract(body, '$.played.table.board.black[17]')
            + json_extract(body, '$.played.table.board.black[18]') + json_extract(body, '$.played.table.board.black[19]')
            + json_extract(body, '$.played.table.board.black[20]') + json_extract(body, '$.played.table.board.black[21]')
            + json_extract(body, '$.played.table.board.black[22]') + json_extract(body, '$.played.table.board.black[23]')
            + json_extract(body, '$.played.table.board.black[24]') + json_extract(body, '$.played.table.board.black[25]') = 15
        ) IS TRUE
    )
) STRICT;

INSERT INTO events_new (room_id, seq, at, body, player_id, command_id)
SELECT room_id, seq, at, body, player_id, command_id FROM events ORDER BY rowid;

DROP TABLE events;
ALTER TABLE events_new RENAME TO events;

-- A command sent again is applied once, also on another node, also after a crash. Events without an id are not in it.
CREATE UNIQUE INDEX events_command_key ON events (room_id, player_id, command_id) WHERE command_id IS NOT NULL;

CREATE TABLE presence_new (
    room_id     INTEGER NOT NULL,
    player_id   BLOB    NOT NULL,

    -- A player is in a room or not, with however many tabs.
    CONSTRAINT presence_pkey PRIMARY KEY (room_id, player_id),
    -- They go when the room goes.
    CONSTRAINT presence_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    -- Players are UUIDs.
    CONSTRAINT presence_player_id_check CHECK (length(player_id) = 16)
) STRICT, WITHOUT ROWID;
INSERT INTO presence_new (room_id, player_id) SELECT room_id, player_id FROM presence;
DROP TABLE presence;
ALTER TABLE presence_new RENAME TO presence;

COMMIT;
PRAGMA foreign_keys = ON;
