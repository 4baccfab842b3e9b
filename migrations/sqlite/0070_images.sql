-- Images that players show each other at a table.
--
-- As in the other tables: times are milliseconds since 1970-01-01T00:00:00Z, players are the 16 bytes of their UUID, and constraints are
-- named after what they promise.

CREATE TABLE images (
    room_id     INTEGER NOT NULL,
    -- By chance and long: who knows it was shown the image.
    id          BLOB    NOT NULL,
    -- Who uploaded it.
    player_id   BLOB    NOT NULL,
    media_type  TEXT    NOT NULL,
    width       INTEGER NOT NULL,
    height      INTEGER NOT NULL,
    -- How long the body is, so that adding up does not read bodies.
    size        INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    -- As src/picture wrote it. Last, so that the others are found without walking over it.
    body        BLOB    NOT NULL,

    CONSTRAINT images_pkey PRIMARY KEY (room_id, id),
    -- They go when the room goes.
    CONSTRAINT images_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE CASCADE,
    -- Ids are UUIDs.
    CONSTRAINT images_id_check CHECK (length(id) = 16),
    -- Players are UUIDs.
    CONSTRAINT images_player_id_check CHECK (length(player_id) = 16),
    -- Nothing that a browser would run.
    CONSTRAINT images_media_type_check CHECK (media_type IN ('image/png', 'image/jpeg', 'image/webp')),
    CONSTRAINT images_size_check CHECK (size = length(body))
) STRICT;

-- Whose they are: they go when the player goes.
CREATE INDEX images_player_idx ON images (player_id);

-- Who asks to be forgotten is.
CREATE TRIGGER players_deleted_images AFTER DELETE ON players BEGIN
    DELETE FROM images WHERE player_id = old.id;
END;
