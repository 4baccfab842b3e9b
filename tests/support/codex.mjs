// Playing /codex: parties, turns, and whole stories, by sockets and by plain HTTP.
import assert from "node:assert/strict";
import { connect } from "./client.mjs";

/** A client of /codex. */
export const reader = (url, options = {}) => connect(url, { namespace: "/codex", ...options });

/** A player without any socket: asks by POST, looks by GET. */
export class HttpPlayer {
  constructor(url, name) {
    this.url = url;
    this.name = name;
    /** Every body that the server ever sent. */
    this.bytes = [];
  }

  async request(method, path, json) {
    const response = await fetch(this.url + path, {
      method,
      headers: { ...(json && { "Content-Type": "application/json" }), ...(this.token && { Authorization: `Bearer ${this.token}` }) },
      body: json && JSON.stringify(json),
    });
    const text = await response.text();
    this.bytes.push(text);
    const body = JSON.parse(text);
    this.token ??= body.token;
    return { status: response.status, body };
  }

  async join(code) {
    const { status, body } = await this.request("POST", `/api/rooms/${code}/join`, { nickname: this.name });
    assert.equal(status, 200, JSON.stringify(body));
    this.code = code;
    this.seat = body.seat;
    return body;
  }

  ask(event, data = {}) {
    return this.request("POST", `/api/rooms/${this.code}/commands`, { event, data });
  }

  async state() {
    return (await this.request("GET", `/api/rooms/${this.code}/state`)).body.state;
  }

  events(after = 0, wait = 0) {
    return this.request("GET", `/api/rooms/${this.code}/events?after=${after}&wait=${wait}`);
  }
}

/** A started story: the host, the other players, and the code. */
export async function startedStory(url, others = [], { create = {}, start = {} } = {}) {
  const host = await reader(url, { name: "host" });
  const created = await host.ok("create_room", { nickname: "Ada", ...create });
  const code = created.room_code;
  host.room = code;
  host.seat = created.seat;
  const players = [];
  for (const [name, options] of others) {
    const player = await reader(url, { name, ...options });
    player.seat = (await player.ok("join_room", { room_code: code, nickname: name })).seat;
    player.room = code;
    players.push(player);
  }
  await host.ok("start_game", start);
  return { host, players, code };
}

export async function stateOf(client) {
  return (await client.ok("request_sync", {})).state;
}

/** What a seat may choose in a state. */
export const open = (state, seat) => state.scenario.choices.filter(({ open_to }) => open_to.includes(seat)).map(({ choice_id }) => choice_id);
