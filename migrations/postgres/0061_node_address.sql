-- Where a node is reached by others, for requests that belong to its sessions.

ALTER TABLE nodes ADD COLUMN address TEXT;

COMMENT ON COLUMN nodes.address IS 'Host and port; null when other nodes cannot reach it.';
