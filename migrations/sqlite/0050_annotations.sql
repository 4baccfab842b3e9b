-- What people remark on the moves of finished games, and an index of its words.
--
-- As in the other tables: times are milliseconds since 1970-01-01T00:00:00Z, players are the 16 bytes of their UUID, and constraints are
-- named after what they promise. In Postgres the index is a generated column of words; src/log/annotations.rs hands words to the store,
-- so that each writes its own query.

CREATE TABLE annotations (
    -- Never given twice, so that a page of a list can begin after the last one seen.
    id          INTEGER NOT NULL CONSTRAINT annotations_pkey PRIMARY KEY AUTOINCREMENT,
    room_id     INTEGER NOT NULL,
    -- The event that it is about.
    seq         INTEGER NOT NULL,
    player_id   BLOB    NOT NULL,
    -- As the author was called then.
    nickname    TEXT    NOT NULL,
    body        TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,

    -- They go when the room goes.
    CONSTRAINT annotations_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE CASCADE,
    -- About an event that there may be.
    CONSTRAINT annotations_seq_check CHECK (seq BETWEEN 1 AND 4294967295),
    -- Players are UUIDs.
    CONSTRAINT annotations_player_id_check CHECK (length(player_id) = 16),
    -- At most 1,000 characters, of at most 4 bytes each.
    CONSTRAINT annotations_body_check CHECK (length(CAST(body AS BLOB)) BETWEEN 1 AND 4000)
) STRICT;

-- A room's annotations, by the event that they are about; also how many there are.
CREATE INDEX annotations_room_idx ON annotations (room_id, seq);

-- Whose they are: they go when the player goes.
CREATE INDEX annotations_player_idx ON annotations (player_id);

-- The words. Only the index is kept here; the text stays in its table.
CREATE VIRTUAL TABLE annotations_words USING fts5 (
    body,
    content = 'annotations',
    content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TRIGGER annotations_inserted AFTER INSERT ON annotations BEGIN
    INSERT INTO annotations_words (rowid, body) VALUES (new.id, new.body);
END;

-- Also when a room takes its annotations along.
CREATE TRIGGER annotations_deleted AFTER DELETE ON annotations BEGIN
    INSERT INTO annotations_words (annotations_words, rowid, body) VALUES ('delete', old.id, old.body);
END;

-- Who asks to be forgotten is: no name stays under a remark.
CREATE TRIGGER players_deleted_annotations AFTER DELETE ON players BEGIN
    DELETE FROM annotations WHERE player_id = old.id;
END;
