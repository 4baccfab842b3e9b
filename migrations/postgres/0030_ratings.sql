-- Ratings, and the games that they come from: the same tables, under the same number, as for SQLite.

CREATE TABLE endings (
    room_id     BIGINT NOT NULL,
    seq         BIGINT NOT NULL,

    CONSTRAINT endings_pkey PRIMARY KEY (room_id, seq),
    CONSTRAINT endings_event_fkey FOREIGN KEY (room_id, seq) REFERENCES events (room_id, seq) ON DELETE CASCADE
);

COMMENT ON TABLE endings IS 'Games that have ended and are not yet in the book. Written with the very event that ends a game, so that no crash comes in between.';
COMMENT ON COLUMN endings.seq IS 'The event that ended the game: a room may see several games.';
COMMENT ON CONSTRAINT endings_pkey ON endings IS 'An ending is entered once.';
COMMENT ON CONSTRAINT endings_event_fkey ON endings IS 'What was not entered while the room was there is lost with it.';

CREATE FUNCTION note_ending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO endings (room_id, seq) VALUES (NEW.room_id, NEW.seq) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION note_ending() IS 'The log writes an ending as {"ended": …} and nothing else (src/room/fact.rs).';

CREATE TRIGGER events_ended AFTER INSERT ON events
    FOR EACH ROW WHEN (left(NEW.body, 9) = '{"ended":') EXECUTE FUNCTION note_ending();

CREATE TABLE results (
    player_id   BYTEA  NOT NULL,
    ended_at    BIGINT NOT NULL,
    room_id     BIGINT NOT NULL,
    seq         BIGINT NOT NULL,
    code        TEXT   NOT NULL,
    game        TEXT   NOT NULL,
    result      TEXT   NOT NULL,
    kind        TEXT,
    points      BIGINT,
    opponent_id BYTEA,
    counts      BIGINT NOT NULL,
    rating_before DOUBLE PRECISION NOT NULL,
    rating_after  DOUBLE PRECISION NOT NULL,

    CONSTRAINT results_pkey PRIMARY KEY (player_id, ended_at, room_id, seq),
    CONSTRAINT results_player_id_fkey FOREIGN KEY (player_id) REFERENCES players (id) ON DELETE CASCADE,
    CONSTRAINT results_result_check CHECK (result IN ('won', 'lost', 'drawn')),
    CONSTRAINT results_counts_check CHECK (counts IN (0, 1))
);

COMMENT ON TABLE results IS 'The book: how each game went for each of its players. Outlives the rooms.';
COMMENT ON COLUMN results.kind IS 'As the game calls it: "gammon", "resigned"; none for most games.';
COMMENT ON COLUMN results.opponent_id IS 'The other one, of two.';
COMMENT ON COLUMN results.counts IS '1 when it counts for the player''s figures: both were people.';
COMMENT ON CONSTRAINT results_pkey ON results IS 'A player''s games in order.';
COMMENT ON CONSTRAINT results_player_id_fkey ON results IS 'They go when the player goes.';
COMMENT ON CONSTRAINT results_result_check ON results IS 'Seen by the player.';
COMMENT ON CONSTRAINT results_counts_check ON results IS 'Yes or no.';

CREATE TABLE ratings (
    player_id   BYTEA  NOT NULL,
    game        TEXT COLLATE "C" NOT NULL,
    rating      DOUBLE PRECISION NOT NULL,
    experience  BIGINT NOT NULL,
    games       BIGINT NOT NULL,
    wins        BIGINT NOT NULL,
    losses      BIGINT NOT NULL,
    draws       BIGINT NOT NULL,
    gammons     BIGINT NOT NULL,
    backgammons BIGINT NOT NULL,
    streak      BIGINT NOT NULL,
    best_streak BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,

    CONSTRAINT ratings_pkey PRIMARY KEY (player_id, game),
    CONSTRAINT ratings_player_id_fkey FOREIGN KEY (player_id) REFERENCES players (id) ON DELETE CASCADE,
    CONSTRAINT ratings_games_check CHECK (games = wins + losses + draws)
);

COMMENT ON TABLE ratings IS 'What the book comes to, per player and game.';
COMMENT ON COLUMN ratings.experience IS 'Points of match length played.';
COMMENT ON CONSTRAINT ratings_pkey ON ratings IS 'One standing per player and game.';
COMMENT ON CONSTRAINT ratings_player_id_fkey ON ratings IS 'They go when the player goes.';
COMMENT ON CONSTRAINT ratings_games_check ON ratings IS 'Every game has one outcome.';

-- The leaderboard of a game.
CREATE INDEX ratings_rating_idx ON ratings (game, rating DESC);
