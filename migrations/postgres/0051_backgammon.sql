-- A backgammon position can never be wrong: each side has 15 checkers, on the points, on the bar or borne off. The same check, under the
-- same number, as for SQLite.

CREATE FUNCTION fifteen_checkers(board jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(bool_and(total = 15 AND least >= 0), false) AND count(*) = 2
    FROM (
        SELECT sum(checkers::int) AS total, min(checkers::int) AS least
        FROM jsonb_each(board) AS side, jsonb_array_elements_text(side.value) AS checkers
        GROUP BY side.key
    ) AS sides
$$;

CREATE FUNCTION check_fifteen_checkers() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    -- The path to the position is the trigger's argument.
    IF fifteen_checkers(NEW.body::jsonb #> TG_ARGV[0]::text[]) IS NOT TRUE THEN
        RAISE EXCEPTION 'a side does not have 15 checkers'
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END
$$;

-- Other games' rows are told apart by a search for the first bytes, without reading their JSON.
CREATE TRIGGER events_fifteen_checkers_check BEFORE INSERT OR UPDATE OF body ON events
FOR EACH ROW WHEN (starts_with(NEW.body, '{"played":{"what":') AND strpos(NEW.body, '"board":{"white":[') > 0)
EXECUTE FUNCTION check_fifteen_checkers('{played,table,board}');

CREATE TRIGGER snapshots_fifteen_checkers_check BEFORE INSERT OR UPDATE OF body ON snapshots
FOR EACH ROW WHEN (strpos(NEW.body, '"game":{"setup":{"match_length":') > 0 AND strpos(NEW.body, '"board":{"white":[') > 0)
EXECUTE FUNCTION check_fifteen_checkers('{game,table,board}');

COMMENT ON TRIGGER events_fifteen_checkers_check ON events IS 'Every event of backgammon carries the position that it leads to; no side has lost or won a checker in it.';
COMMENT ON TRIGGER snapshots_fifteen_checkers_check ON snapshots IS 'Nor in a snapshot.';
