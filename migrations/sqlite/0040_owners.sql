-- Which node keeps the time of a ticking room.
CREATE TABLE room_owners (
    room_id     INTEGER NOT NULL CONSTRAINT room_owners_pkey PRIMARY KEY,
    -- The node, by the 16 bytes of the UUID it gave itself when it started.
    node        BLOB    NOT NULL,
    -- Counts the owners of the room. What is appended with an older one is refused.
    epoch       INTEGER NOT NULL,
    -- When others may take the room; NULL when its owner gave it back. The row stays, so that epochs never begin again.
    expires_at  INTEGER,
    -- Never anything but NULL: who appends with an epoch tries to write here where another epoch stands, and fails.
    fence       INTEGER,

    -- They go when the room goes.
    CONSTRAINT room_owners_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE CASCADE,
    -- Nodes are UUIDs.
    CONSTRAINT room_owners_node_check CHECK (length(node) = 16),
    -- The first owner is number 1.
    CONSTRAINT room_owners_epoch_check CHECK (epoch >= 1),
    -- src/log knows this name: it means that a newer owner has taken over.
    CONSTRAINT room_owners_fence_check CHECK (fence IS NULL)
) STRICT;

-- A node renews all its leases at once, every half second.
CREATE INDEX room_owners_node_idx ON room_owners (node) WHERE expires_at IS NOT NULL;

-- Rooms whose owner stopped renewing.
CREATE INDEX room_owners_expires_at_idx ON room_owners (expires_at) WHERE expires_at IS NOT NULL;
