-- A backgammon position can never be wrong: each side has 15 checkers, on the points, on the bar or borne off.
--
-- The rules promise it; here the database counts, whoever writes. Every event of the game carries the position that it leads to, and every
-- snapshot the one it was taken of, as { "white": [26 counts], "black": [26 counts] }. Other games' rows are told apart by a search
-- for the first bytes, without reading their JSON.

CREATE TRIGGER events_fifteen_checkers_check BEFORE INSERT ON events
WHEN substr(NEW.body, 1, 18) = '{"played":{"what":' AND instr(NEW.body, '"board":{"white":[') > 0
BEGIN
    SELECT RAISE(ABORT, 'events_fifteen_checkers_check: a side does not have 15 checkers')
    WHERE (SELECT sum(value) FROM json_each(NEW.body, '$.played.table.board.white')) IS NOT 15
       OR (SELECT sum(value) FROM json_each(NEW.body, '$.played.table.board.black')) IS NOT 15
       OR (SELECT min(value) FROM json_each(NEW.body, '$.played.table.board.white')) < 0
       OR (SELECT min(value) FROM json_each(NEW.body, '$.played.table.board.black')) < 0;
END;

-- Events are never changed; should anybody try, the same holds.
CREATE TRIGGER events_fifteen_checkers_update_check BEFORE UPDATE OF body ON events
WHEN substr(NEW.body, 1, 18) = '{"played":{"what":' AND instr(NEW.body, '"board":{"white":[') > 0
BEGIN
    SELECT RAISE(ABORT, 'events_fifteen_checkers_check: a side does not have 15 checkers')
    WHERE (SELECT sum(value) FROM json_each(NEW.body, '$.played.table.board.white')) IS NOT 15
       OR (SELECT sum(value) FROM json_each(NEW.body, '$.played.table.board.black')) IS NOT 15
       OR (SELECT min(value) FROM json_each(NEW.body, '$.played.table.board.white')) < 0
       OR (SELECT min(value) FROM json_each(NEW.body, '$.played.table.board.black')) < 0;
END;

CREATE TRIGGER snapshots_fifteen_checkers_check BEFORE INSERT ON snapshots
WHEN instr(NEW.body, '"board":{"white":[') > 0 AND json_type(NEW.body, '$.game.table.board.white') = 'array'
BEGIN
    SELECT RAISE(ABORT, 'snapshots_fifteen_checkers_check: a side does not have 15 checkers')
    WHERE (SELECT sum(value) FROM json_each(NEW.body, '$.game.table.board.white')) IS NOT 15
       OR (SELECT sum(value) FROM json_each(NEW.body, '$.game.table.board.black')) IS NOT 15;
END;
