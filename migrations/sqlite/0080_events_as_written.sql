-- no-transaction
-- The log in the order of writing.
--
-- Kept sorted by room, every event went to a page of its own room in the middle of the tree, and the inner pages of that tree were full
-- of whole events. Now a commit of many rooms adds to the last pages, and only the small index (room_id, seq) is touched in many places:
-- half the pages per commit. Constraints, index and triggers are what they were.

-- Dropping a table deletes its rows first, and with them what refers to them: not here. Cannot be switched inside of a transaction, so
-- this file makes its own.
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
    CONSTRAINT events_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE CASCADE,
    -- 0 stands before the first.
    CONSTRAINT events_seq_check CHECK (seq BETWEEN 1 AND 4294967295),
    -- An id belongs to whoever gave it.
    CONSTRAINT events_command_check CHECK ((player_id IS NULL) = (command_id IS NULL)),
    -- The sender is a UUID.
    CONSTRAINT events_player_id_check CHECK (length(player_id) = 16),
    -- As for rooms.
    CONSTRAINT events_command_id_check CHECK (length(CAST(command_id AS BLOB)) BETWEEN 1 AND 256)
) STRICT;

-- Room by room, so that what was written until now is read in one piece as before.
INSERT INTO events_new (room_id, seq, at, body, player_id, command_id)
SELECT room_id, seq, at, body, player_id, command_id FROM events ORDER BY room_id, seq;

DROP TABLE events;
ALTER TABLE events_new RENAME TO events;

-- A command sent again is applied once, also on another node, also after a crash. Events without an id are not in it.
CREATE UNIQUE INDEX events_command_key ON events (room_id, player_id, command_id) WHERE command_id IS NOT NULL;

-- As in 0030.
CREATE TRIGGER events_ended AFTER INSERT ON events WHEN substr(NEW.body, 1, 9) = '{"ended":'
BEGIN
    INSERT INTO endings (room_id, seq) VALUES (NEW.room_id, NEW.seq) ON CONFLICT DO NOTHING;
END;

-- As in 0051.
CREATE TRIGGER events_fifteen_checkers_check BEFORE INSERT ON events
WHEN substr(NEW.body, 1, 18) = '{"played":{"what":' AND instr(NEW.body, '"board":{"white":[') > 0
BEGIN
    SELECT RAISE(ABORT, 'events_fifteen_checkers_check: a side does not have 15 checkers')
    WHERE (SELECT sum(value) FROM json_each(NEW.body, '$.played.table.board.white')) IS NOT 15
       OR (SELECT sum(value) FROM json_each(NEW.body, '$.played.table.board.black')) IS NOT 15
       OR (SELECT min(value) FROM json_each(NEW.body, '$.played.table.board.white')) < 0
       OR (SELECT min(value) FROM json_each(NEW.body, '$.played.table.board.black')) < 0;
END;

CREATE TRIGGER events_fifteen_checkers_update_check BEFORE UPDATE OF body ON events
WHEN substr(NEW.body, 1, 18) = '{"played":{"what":' AND instr(NEW.body, '"board":{"white":[') > 0
BEGIN
    SELECT RAISE(ABORT, 'events_fifteen_checkers_check: a side does not have 15 checkers')
    WHERE (SELECT sum(value) FROM json_each(NEW.body, '$.played.table.board.white')) IS NOT 15
       OR (SELECT sum(value) FROM json_each(NEW.body, '$.played.table.board.black')) IS NOT 15
       OR (SELECT min(value) FROM json_each(NEW.body, '$.played.table.board.white')) < 0
       OR (SELECT min(value) FROM json_each(NEW.body, '$.played.table.board.black')) < 0;
END;

COMMIT;
PRAGMA foreign_keys = ON;
