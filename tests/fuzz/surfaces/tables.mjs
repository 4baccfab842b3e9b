// Players of a game under way, and somebody who watches: what they say reaches the rules of the game.
import { text } from "../codings.mjs";
import { Talker } from "../talker.mjs";
import { gameEvent, GAMES } from "../vocabulary.mjs";
import { codings, sample } from "./strangers.mjs";

const EVENTS = 32;
/** After so many a table is cleared, so that no log becomes long. */
const ROUNDS = 16;
const OVER = new Set(["completed", "abandoned"]);
const KINDS = Object.keys(codings);

export async function table(world, { chance, tallies }) {
  const game = chance.pick(GAMES);
  const seat = (kind, at) => {
    const { eio, coding } = codings[kind];
    const talker = new Talker(world, { chance: chance.fork(), tally: tallies[kind], game, coding: coding(chance.fork()), eio, about: `seat ${at}` });
    return Object.assign(talker, { at, token: world.token(chance) });
  };
  // The host reads states, so it speaks text.
  const [host, guest, watcher] = [seat("Engine.IO 4", 0), seat(chance.pick(KINDS), 1), seat(chance.pick(KINDS), 2)];
  const people = [host, guest, ...(chance.oneIn(3) ? [watcher] : [])];
  await Promise.all(people.map((person) => person.open({ token: person.token })));
  const { room_code: code } = (await host.ask("create_room", { seats: 2, options: chance.pick(game.options) })) ?? {};
  if (!code) return void world.judge.wrong(host.tally, host.line, "a room was not made");
  world.meet(code, host.token);
  await guest.ask("join_room", { room_code: code });
  if (people.includes(watcher)) await watcher.ask("join_room", { room_code: code, as: "spectator" });
  for (let round = 0; round < ROUNDS && !world.judge.failure; round += 1) {
    const state = await look(host, guest);
    if (OVER.has(state?.status)) break;
    await Promise.all(people.map((person) => say(person, { code, state })));
  }
  await Promise.all(people.map((person) => person.leave()));
}

/** The state as the host sees it; a game that has not begun, or not again, begins. */
async function look(host, guest) {
  const answer = await host.ask("request_sync");
  const status = answer?.state?.status;
  if (status === "in_progress" || OVER.has(status)) return answer.state;
  for (const player of [host, guest]) await player.ask("player_ready");
  await host.ask("start_game");
  return (await host.ask("request_sync"))?.state;
}

/** A batch of what this person may say now. Whose connection ended comes back to the room. */
async function say(person, { code, state }) {
  const { chance, game, token } = person;
  const known = { code, token, state, seat: person.at };
  await person.events(Array.from({ length: EVENTS }, () => gameEvent(chance, game, known)));
  if (!person.isOver && chance.oneIn(4)) await person.bytes(sample(chance, person, known), sample(chance, person, known));
  if (person.isOver) await person.open({ token, room_code: code, last_seq: state?.version ?? 0 });
}
