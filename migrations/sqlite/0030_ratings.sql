-- Ratings, and the games that they come from.
--
-- As in the other tables: times are milliseconds since 1970-01-01T00:00:00Z, ids are the 16 bytes of a UUID, and constraints are named
-- after what they promise.

-- Games that have ended and are not yet in the book. Written with the very event that ends a game, so that no crash comes in between.
CREATE TABLE endings (
    room_id     INTEGER NOT NULL,
    -- The event that ended the game: a room may see several games.
    seq         INTEGER NOT NULL,

    CONSTRAINT endings_pkey PRIMARY KEY (room_id, seq),
    -- What was not entered while the room was there is lost with it.
    CONSTRAINT endings_event_fkey FOREIGN KEY (room_id, seq) REFERENCES events (room_id, seq) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- The log writes an ending as this and nothing else (src/room/fact.rs).
CREATE TRIGGER events_ended AFTER INSERT ON events WHEN substr(NEW.body, 1, 9) = '{"ended":'
BEGIN
    INSERT INTO endings (room_id, seq) VALUES (NEW.room_id, NEW.seq) ON CONFLICT DO NOTHING;
END;

-- The book: how each game went for each of its players. Outlives the rooms.
CREATE TABLE results (
    player_id   BLOB    NOT NULL,
    ended_at    INTEGER NOT NULL,
    room_id     INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    code        TEXT    NOT NULL,
    game        TEXT    NOT NULL,
    result      TEXT    NOT NULL,
    -- As the game calls it: "gammon", "resigned"; none for most games.
    kind        TEXT,
    points      INTEGER,
    -- The other one, of two.
    opponent_id BLOB,
    -- 1 when it counts for the player's figures: both were people.
    counts      INTEGER NOT NULL,
    rating_before REAL  NOT NULL,
    rating_after  REAL  NOT NULL,

    -- A player's games in order.
    CONSTRAINT results_pkey PRIMARY KEY (player_id, ended_at, room_id, seq),
    -- They go when the player goes.
    CONSTRAINT results_player_id_fkey FOREIGN KEY (player_id) REFERENCES players (id) ON DELETE CASCADE,
    -- Seen by the player.
    CONSTRAINT results_result_check CHECK (result IN ('won', 'lost', 'drawn')),
    -- Yes or no.
    CONSTRAINT results_counts_check CHECK (counts IN (0, 1))
) STRICT, WITHOUT ROWID;

-- What the book comes to, per player and game.
CREATE TABLE ratings (
    player_id   BLOB    NOT NULL,
    game        TEXT    NOT NULL,
    rating      REAL    NOT NULL,
    -- Points of match length played.
    experience  INTEGER NOT NULL,
    games       INTEGER NOT NULL,
    wins        INTEGER NOT NULL,
    losses      INTEGER NOT NULL,
    draws       INTEGER NOT NULL,
    gammons     INTEGER NOT NULL,
    backgammons INTEGER NOT NULL,
    streak      INTEGER NOT NULL,
    best_streak INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,

    CONSTRAINT ratings_pkey PRIMARY KEY (player_id, game),
    -- They go when the player goes.
    CONSTRAINT ratings_player_id_fkey FOREIGN KEY (player_id) REFERENCES players (id) ON DELETE CASCADE,
    -- Every game has one outcome.
    CONSTRAINT ratings_games_check CHECK (games = wins + losses + draws)
) STRICT, WITHOUT ROWID;

-- The leaderboard of a game.
CREATE INDEX ratings_rating_idx ON ratings (game, rating DESC);
