// Databases with a past, made quickly: what the server itself wrote once is written again by SQL, into its own tables with all their
// rules, while it does not run. Python is there anyway and knows SQLite.
import { execFileSync } from "node:child_process";

const PROGRAM = `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
# What is written once is written once: no journal, until the server has its own again.
db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-400000; PRAGMA foreign_keys=ON;")
db.executescript(sys.stdin.read())
db.execute("PRAGMA journal_mode=WAL")
db.close()
`;

function run(database, sql) {
  execFileSync("python3", ["-c", PROGRAM, database], { input: sql, stdio: ["pipe", "ignore", "inherit"] });
}

const counted = (name, from, to) => `WITH RECURSIVE ${name}(n) AS (SELECT ${from} UNION ALL SELECT n + 1 FROM ${name} WHERE n < ${to})`;

/**
 * Makes the last thing said in a room said again until its log is so long, each time as a command of its own. Nobody is in it then: a
 * room with people would be read as soon as the server starts.
 */
export function lengthenLog(database, code, events) {
  run(
    database,
    `BEGIN;
     DELETE FROM presence;
     ${counted("later", `(SELECT max(seq) + 1 FROM events WHERE room_id = (SELECT id FROM rooms WHERE code = '${code}'))`, events)}
     INSERT INTO events (room_id, seq, at, body, player_id, command_id)
     SELECT room_id, later.n, at, body, player_id, 'filled ' || later.n FROM later, events
     WHERE room_id = (SELECT id FROM rooms WHERE code = '${code}') AND later.n <= ${events}
       AND seq = (SELECT max(seq) FROM events AS said WHERE said.room_id = events.room_id AND said.body LIKE '{"said":%');
     COMMIT;`,
  );
}

const LETTERS = "BCDFGHJKMNPQRSTVWXYZ23456789";
const CODES = LETTERS.length ** 6;
/** Has no factor in common with the number of codes: every room has another code, and neighbours have none alike. */
const STRIDE = 299_314_159;

/** The code of the n-th room that is filled in. */
export function codeOf(n) {
  let left = (n * STRIDE) % CODES;
  let code = "";
  for (let at = 0; at < 6; at++) {
    code = LETTERS[left % LETTERS.length] + code;
    left = Math.floor(left / LETTERS.length);
  }
  return code;
}

/** The same in SQL. */
function codeInSql(n) {
  const letter = (at) => `substr('${LETTERS}', (${n} * ${STRIDE} % ${CODES}) / ${LETTERS.length ** (5 - at)} % ${LETTERS.length} + 1, 1)`;
  return [0, 1, 2, 3, 4, 5].map(letter).join(" || ");
}

/** Copies a room, its row and its log, so many times; their codes are those of `codeOf`. None has a deadline within a day. */
export function copyRoom(database, code, copies) {
  run(
    database,
    `BEGIN;
     DELETE FROM presence;
     CREATE TEMP TABLE codes (n INTEGER PRIMARY KEY, code TEXT);
     ${counted("numbers", 1, copies)} INSERT INTO codes SELECT n, ${codeInSql("n")} FROM numbers;
     CREATE TEMP TABLE source AS SELECT * FROM rooms WHERE code = '${code}';
     INSERT INTO rooms (id, code, game, visibility, created_by, created_at, command_id, status, wake_at, ended_at, listing)
     SELECT source.id + codes.n, codes.code, game, visibility, created_by, created_at, NULL, status, wake_at + 86400000, ended_at, replace(listing, source.code, codes.code)
     FROM codes, source ORDER BY codes.n;
     INSERT INTO events (room_id, seq, at, body, player_id, command_id)
     SELECT source.id + codes.n, seq, at, replace(body, source.code, codes.code), events.player_id, events.command_id
     FROM codes CROSS JOIN source CROSS JOIN events ON events.room_id = source.id ORDER BY codes.n, seq;
     COMMIT;`,
  );
}
