-- What people remark on the moves of finished games, and an index of its words.
--
-- As in the other tables: times are milliseconds since 1970-01-01T00:00:00Z, players are the 16 bytes of their UUID, and constraints are
-- named after what they promise. In SQLite the index is an FTS5 table kept by triggers; src/log/annotations.rs hands words to the store, so
-- that each writes its own query.

CREATE TABLE annotations (
    -- Never given twice, so that a page of a list can begin after the last one seen.
    id          BIGINT  NOT NULL GENERATED ALWAYS AS IDENTITY,
    room_id     BIGINT  NOT NULL,
    -- The event that it is about.
    seq         BIGINT  NOT NULL,
    player_id   BYTEA   NOT NULL,
    -- As the author was called then.
    nickname    TEXT    NOT NULL,
    body        TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL,
    -- Its words: without accents, in lower case, and cut at everything that is no letter or digit, as src/log/annotations.rs cuts them.
    words       TSVECTOR NOT NULL GENERATED ALWAYS AS (to_tsvector('simple', regexp_replace(
        translate(lower(body), 'àáâãäåçèéêëìíîïñòóôõöùúûüýÿ', 'aaaaaaceeeeiiiinooooouuuuyy'),
        '[^[:alnum:]]+', ' ', 'g'))) STORED,

    CONSTRAINT annotations_pkey PRIMARY KEY (id),
    -- They go when the room goes.
    CONSTRAINT annotations_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE CASCADE,
    -- About an event that there may be.
    CONSTRAINT annotations_seq_check CHECK (seq BETWEEN 1 AND 4294967295),
    -- Players are UUIDs.
    CONSTRAINT annotations_player_id_check CHECK (octet_length(player_id) = 16),
    -- At most 1,000 characters, of at most 4 bytes each.
    CONSTRAINT annotations_body_check CHECK (octet_length(body) BETWEEN 1 AND 4000)
);

-- A room's annotations, by the event that they are about; also how many there are.
CREATE INDEX annotations_room_idx ON annotations (room_id, seq);

-- Whose they are: they go when the player goes.
CREATE INDEX annotations_player_idx ON annotations (player_id);

CREATE INDEX annotations_words_idx ON annotations USING gin (words);

-- Who asks to be forgotten is: no name stays under a remark.
CREATE FUNCTION annotations_of_deleted_player() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM annotations WHERE player_id = OLD.id;
    RETURN OLD;
END;
$$;

CREATE TRIGGER players_deleted_annotations AFTER DELETE ON players
    FOR EACH ROW EXECUTE FUNCTION annotations_of_deleted_player();
