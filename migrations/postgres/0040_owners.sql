-- Which node keeps the time of a ticking room: the same table, under the same number, as for SQLite.

CREATE TABLE room_owners (
    room_id     BIGINT NOT NULL,
    node        BYTEA  NOT NULL,
    epoch       BIGINT NOT NULL,
    expires_at  BIGINT,
    fence       BIGINT,

    CONSTRAINT room_owners_pkey PRIMARY KEY (room_id),
    CONSTRAINT room_owners_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE CASCADE,
    CONSTRAINT room_owners_node_check CHECK (length(node) = 16),
    CONSTRAINT room_owners_epoch_check CHECK (epoch >= 1),
    CONSTRAINT room_owners_fence_check CHECK (fence IS NULL)
-- Renewed every half second.
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

COMMENT ON TABLE room_owners IS 'Which node keeps the time of a ticking room. The row stays when the room is given back, so that epochs never begin again.';
COMMENT ON COLUMN room_owners.node IS 'The 16 bytes of the UUID that the node gave itself when it started.';
COMMENT ON COLUMN room_owners.epoch IS 'Counts the owners of the room. What is appended with an older one is refused.';
COMMENT ON COLUMN room_owners.expires_at IS 'When others may take the room; NULL when its owner gave it back.';
COMMENT ON COLUMN room_owners.fence IS 'Never anything but NULL: who appends with an epoch tries to write here where another epoch stands, and fails.';
COMMENT ON CONSTRAINT room_owners_pkey ON room_owners IS 'One owner per room.';
COMMENT ON CONSTRAINT room_owners_room_id_fkey ON room_owners IS 'They go when the room goes.';
COMMENT ON CONSTRAINT room_owners_node_check ON room_owners IS 'Nodes are UUIDs.';
COMMENT ON CONSTRAINT room_owners_epoch_check ON room_owners IS 'The first owner is number 1.';
COMMENT ON CONSTRAINT room_owners_fence_check ON room_owners IS 'src/log knows this name: it means that a newer owner has taken over.';

-- A node renews all its leases at once, every half second.
CREATE INDEX room_owners_node_idx ON room_owners (node) WHERE expires_at IS NOT NULL;

-- Rooms whose owner stopped renewing.
CREATE INDEX room_owners_expires_at_idx ON room_owners (expires_at) WHERE expires_at IS NOT NULL;
