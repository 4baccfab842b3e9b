-- Images that players show each other at a table.
--
-- As in the other tables: times are milliseconds since 1970-01-01T00:00:00Z, players are the 16 bytes of their UUID, and constraints are
-- named after what they promise.

CREATE TABLE images (
    room_id     BIGINT  NOT NULL,
    -- By chance and long: who knows it was shown the image.
    id          BYTEA   NOT NULL,
    -- Who uploaded it.
    player_id   BYTEA   NOT NULL,
    media_type  TEXT    NOT NULL,
    width       BIGINT  NOT NULL,
    height      BIGINT  NOT NULL,
    -- How long the body is, so that adding up does not read bodies.
    size        BIGINT  NOT NULL,
    created_at  BIGINT  NOT NULL,
    -- As src/picture wrote it.
    body        BYTEA   NOT NULL,

    CONSTRAINT images_pkey PRIMARY KEY (room_id, id),
    -- They go when the room goes.
    CONSTRAINT images_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE CASCADE,
    -- Ids are UUIDs.
    CONSTRAINT images_id_check CHECK (octet_length(id) = 16),
    -- Players are UUIDs.
    CONSTRAINT images_player_id_check CHECK (octet_length(player_id) = 16),
    -- Nothing that a browser would run.
    CONSTRAINT images_media_type_check CHECK (media_type IN ('image/png', 'image/jpeg', 'image/webp')),
    CONSTRAINT images_size_check CHECK (size = octet_length(body))
);

-- It is compressed already.
ALTER TABLE images ALTER COLUMN body SET STORAGE EXTERNAL;

-- Whose they are: they go when the player goes.
CREATE INDEX images_player_idx ON images (player_id);

-- Who asks to be forgotten is.
CREATE FUNCTION images_of_deleted_player() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM images WHERE player_id = OLD.id;
    RETURN OLD;
END;
$$;

CREATE TRIGGER players_deleted_images AFTER DELETE ON players
    FOR EACH ROW EXECUTE FUNCTION images_of_deleted_player();
