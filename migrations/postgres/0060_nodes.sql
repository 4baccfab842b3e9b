-- Which nodes run on this database, and who is connected to which. SQLite has no such tables: one process has its file alone.

CREATE TABLE nodes (
    id          BYTEA  NOT NULL,
    beat_at     BIGINT NOT NULL,

    CONSTRAINT nodes_pkey PRIMARY KEY (id),
    CONSTRAINT nodes_id_check CHECK (length(id) = 16)
-- Each row changes every second, and there are few: all on one page, cleaned up as they change.
) WITH (fillfactor = 20);

COMMENT ON TABLE nodes IS 'Nodes that are alive. One that stops writing here is given up, and the row deleted, by any other.';
COMMENT ON COLUMN nodes.id IS 'Random, new at each start of a process.';
COMMENT ON COLUMN nodes.beat_at IS 'When it last said that it is alive, by the clock of the database.';
COMMENT ON CONSTRAINT nodes_pkey ON nodes IS 'One row per node.';
COMMENT ON CONSTRAINT nodes_id_check ON nodes IS 'Nodes are UUIDs.';

CREATE TABLE connections (
    room_id     BIGINT NOT NULL,
    player_id   BYTEA  NOT NULL,
    node_id     BYTEA  NOT NULL,

    CONSTRAINT connections_pkey PRIMARY KEY (room_id, player_id, node_id),
    CONSTRAINT connections_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE CASCADE,
    CONSTRAINT connections_node_id_fkey FOREIGN KEY (node_id) REFERENCES nodes (id) ON DELETE CASCADE,
    CONSTRAINT connections_player_id_check CHECK (length(player_id) = 16)
);

COMMENT ON TABLE connections IS 'Who is connected to which node: a player with tabs on two nodes is away when both are closed.';
COMMENT ON CONSTRAINT connections_pkey ON connections IS 'However many tabs.';
COMMENT ON CONSTRAINT connections_room_id_fkey ON connections IS 'They go when the room goes.';
COMMENT ON CONSTRAINT connections_node_id_fkey ON connections IS 'They go when the node is given up; and who is given up can note nothing before it is back.';
COMMENT ON CONSTRAINT connections_player_id_check ON connections IS 'Players are UUIDs.';

-- Who was connected to a node that is given up.
CREATE INDEX connections_node_id_idx ON connections (node_id);
