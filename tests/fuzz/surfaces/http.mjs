// Requests over HTTP: by a player of a running game and by a browser, one after the other without waiting, and then one with changed bytes.
import { mutateBytes } from "../bytes.mjs";
import { HttpLine, request } from "../http.mjs";
import { happensOrCloses } from "../talker.mjs";
import { webp, wellFormed } from "../requests.mjs";
import { GAMES } from "../vocabulary.mjs";

const ROUNDS = 24;
const REQUESTS = 24;
/** What is asked behind changed bytes, and what the answer ends with. */
const PROBE = request("GET", "/healthz");
const ALIVE = "\r\n\r\nok";

export async function http(world, { chance, tally }) {
  let line = open(world, tally);
  const known = await arrive(world, { chance, tally, line });
  for (let round = 0; round < ROUNDS && !world.judge.failure; round += 1) {
    if (line.isClosed) line = open(world, tally);
    await many(world, { tally, line, requests: Array.from({ length: REQUESTS }, () => wellFormed(known)) });
    if (!line.isClosed) await changed(world, { chance, tally, line, known });
    if (line.isClosed) world.judge.closed(tally);
  }
  if (line.isClosed) line = open(world, tally);
  await leave(world, { tally, line, known });
  line.destroy();
  await line.closed;
}

const open = (world, tally) => world.judge.watch(new HttpLine(world.port, tally.surface));

/** Each has to be answered, unless the server closes; then those behind were not read. */
async function many(world, { tally, line, requests }) {
  const responses = await world.judge.inTime(tally, line, Promise.all(line.send(requests)), `an answer to each of ${requests.length} requests`);
  const answered = responses.filter(Boolean);
  for (const { status, body } of answered) world.judge.response(tally, line, status, body);
  tally.inputs += Math.min(requests.length, answered.length + 1);
}

/** Changed bytes may be anything: no request, half of one, or several. */
async function changed(world, { chance, tally, line, known }) {
  let heard = "";
  let isAlive;
  const happens = new Promise((resolve) => (isAlive = resolve));
  const understand = line.hear;
  line.hear = (data) => {
    heard += data.toString("latin1");
    if (heard.endsWith(ALIVE)) isAlive();
  };
  line.write(Buffer.concat([mutateBytes(chance, wellFormed(known).bytes, wellFormed(known).bytes), PROBE.bytes]));
  tally.inputs += 1;
  await happensOrCloses(world.judge, tally, line, happens, "an answer to changed bytes, or a close");
  for (const [, status] of heard.matchAll(/(?:^|\n|\}|>)HTTP\/1\.1 (\d{3}) /g)) world.judge.response(tally, line, Number(status), Buffer.from(heard.slice(0, 2_000)));
  line.hear = understand;
}

/** A player at a table, and a visitor of the pages. */
async function arrive(world, { chance, tally, line }) {
  const game = chance.pick(GAMES);
  const ask = async (...args) => {
    const [response] = await world.judge.inTime(tally, line, Promise.all(line.send([request(...args)])), "an answer to a good request");
    if (response) world.judge.response(tally, line, response.status, response.body);
    else world.judge.wrong(tally, line, `no answer to ${args[0]} ${args[1]}`);
    if (world.judge.failure) throw world.judge.failure;
    return response;
  };
  const post = async (path, body, token) => {
    const headers = [["Content-Type", "application/json"], ...(token ? [["Authorization", `Bearer ${token}`]] : [])];
    return JSON.parse((await ask("POST", path, headers, Buffer.from(JSON.stringify(body)))).body);
  };
  const { room_code: code, token, player_id: id } = await post("/api/rooms", { game: game.name, seats: 2, options: chance.pick(game.options) });
  const guest = await post(`/api/rooms/${code}/join`, {});
  const players = [token, guest.token];
  for (const player of players) await post(`/api/rooms/${code}/commands`, { event: "player_ready", data: {} }, player);
  await post(`/api/rooms/${code}/commands`, { event: "start_game", data: {} }, token);
  const page = await ask("GET", "/create?game=draft");
  const cookie = /\r\nset-cookie: *([^;]+)/i.exec(page.head)[1];
  const csrf = /name="csrf" value="([^"]+)"/.exec(page.body.toString())[1];
  const jpeg = game.name === "tabletop" ? await asJpeg(ask, code, token) : undefined;
  return { chance, game, code, token, id, cookie, csrf, jpeg, players };
}

/** Who plays over HTTP is taken to be there for half a minute, and keeps the room awake; so both leave. */
async function leave(world, { tally, line, known }) {
  const body = Buffer.from('{"event":"leave_room","data":{}}');
  const leaving = known.players.map((token) => request("POST", `/api/rooms/${known.code}/commands`, [["Content-Type", "application/json"], ["Authorization", `Bearer ${token}`]], body));
  await world.judge.inTime(tally, line, Promise.all(line.send(leaving)), "an answer to who leaves");
}

/** A JPEG, as the server makes it of a picture without transparent parts. */
async function asJpeg(ask, code, token) {
  const headers = [["Content-Type", "image/webp"], ["Authorization", `Bearer ${token}`]];
  const { url } = JSON.parse((await ask("POST", `/api/rooms/${code}/images`, headers, webp)).body);
  return (await ask("GET", url)).body;
}
