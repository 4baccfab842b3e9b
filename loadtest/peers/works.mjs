// What is measured: each work takes a running server and gives figures. Bounded in time and count.
import { setTimeout as sleep } from "node:timers/promises";
import { told } from "./clients.mjs";

const SECONDS = Number(process.env.COMPARE_SECONDS ?? 4);
const TEXT = "Shall we go up the tower, or down to the river first? I would say the river, but only before night.";
const now = () => performance.now();

async function room(server, name, people, options) {
  const clients = [];
  for (let n = 0; n < people; n++) {
    const client = await server.client(options).open();
    await server.enter(client, name);
    clients.push(client);
  }
  return clients;
}

async function rooms(server, count, people) {
  const all = [];
  for (let n = 0; n < count; n++) all.push(await room(server, `room-${n}`, people));
  return all;
}

/** Units per second of the server's CPU while `work` runs; and how long answers took. */
async function cost(server, count, work) {
  await sleep(500);
  const [cpu, before, waits] = [server.cpu(), { ...told }, []];
  let answers = 0;
  await work((since, answer) => {
    if (String(answer).includes('"ok":false')) throw new Error(`refused: ${answer}`);
    answers++;
    waits.push(now() - since);
  });
  const used = server.cpu() - cpu;
  waits.sort((a, b) => a - b);
  const quantile = (q) => waits[Math.min(waits.length - 1, Math.floor(waits.length * q))];
  const units = count === "answers" ? answers : told.events - before.events;
  return { rate: units / used, p50: quantile(0.5), p99: quantile(0.99) };
}

/** Closed: each of `clients` asks again as soon as it is answered, with so many questions under way. */
const closed = (clients, event, data, underWay = 1) => async (answered) => {
  const until = now() + SECONDS * 1000;
  const ask = async (client) => {
    while (now() < until) {
      const since = now();
      answered(since, await client.ask(event, data()));
    }
  };
  await Promise.all(clients.flatMap((client) => Array.from({ length: underWay }, () => ask(client))));
};

/** Open: so many questions a second, whether or not the last was answered. Counted from when it was due: waiting counts. */
const open = (clients, event, data, rate) => async (answered) => {
  const [start, pending] = [now(), []];
  for (let n = 0; now() - start < SECONDS * 1000; await sleep(1)) {
    for (; n < ((now() - start) * rate) / 1000; n++) {
      const due = start + (n * 1000) / rate;
      pending.push(clients[n % clients.length].ask(event, data(n)).then((answer) => answered(due, answer)));
    }
  }
  await Promise.all(pending);
};

const say = () => ({ message: TEXT });

/** @type {Record<string, { title: string, unit: string, who?: (name: string) => boolean, run: (server: object) => Promise<object> }>} */
export const WORKS = {
  ack: {
    title: "`ping` answered, 100 sockets",
    unit: "answers",
    run: async (server) => cost(server, "answers", closed(await room(server, "acks", 8), "ping", () => ({ timestamp: 1 }), 13)),
  },
  polling: {
    title: "`ping` answered, by polling, 50 clients",
    unit: "answers",
    who: (name) => !["channels", "colyseus"].includes(name),
    run: async (server) => {
      const clients = await Promise.all(Array.from({ length: 50 }, () => server.client({ polling: true }).open()));
      return cost(server, "answers", closed(clients, "ping", () => ({ timestamp: 1 })));
    },
  },
  rooms: {
    title: "a move to a room of 4, 250 rooms (Parlor and node + sqlite write it down first)",
    unit: "moves",
    run: async (server) => cost(server, "answers", closed((await rooms(server, 250, 4)).map(([host]) => host), "chat_message", say)),
  },
  "rooms at 250/s": {
    title: "the same at 250 moves/s: how long an answer takes",
    unit: "ms (p50 / p99)",
    latency: true,
    run: async (server) => cost(server, "answers", open((await rooms(server, 250, 4)).map(([host]) => host), "chat_message", say, 250)),
  },
  typing: {
    title: "typing to a room of 4, 500 rooms, 3,000 a second",
    unit: "deliveries",
    run: async (server) => {
      const clients = (await rooms(server, 500, 4)).flat();
      const data = (n) => ({ typing: Math.floor(n / clients.length) % 2 === 0 });
      return cost(server, "deliveries", open(clients, "typing", data, 3000));
    },
  },
  "big room": { title: "a room of 1,000, one move under way", unit: "deliveries", run: (server) => big(server, 1) },
  "big room × 4": { title: "a room of 1,000, four moves under way", unit: "deliveries", run: (server) => big(server, 4) },
  connect: { title: "connecting, WebSocket only, 3,000", unit: "connections", who: (name) => name !== "colyseus", run: (server) => connect(server) },
  "connect + join": {
    title: "connecting and taking a seat (Parlor: session, token, and a row), 3,000",
    unit: "connections",
    run: (server) => connect(server, true),
  },
  idle: {
    title: "memory of an idle player, 750 rooms of 4",
    unit: "kB",
    memory: true,
    run: async (server) => {
      await sleep(500);
      const before = server.memory();
      await rooms(server, 750, 4);
      await sleep(2000);
      return { rate: (server.memory() - before) / 3000 };
    },
  },
};

async function big(server, underWay) {
  const [speaker] = await room(server, "big", 1);
  for (let n = 0; n < 20; n++) await Promise.all(Array.from({ length: 50 }, () => room(server, "big", 1)));
  return cost(server, "deliveries", closed([speaker], "chat_message", say, underWay));
}

async function connect(server, entering = false) {
  const [count, atOnce, perRoom] = [3000, 100, 5];
  if (entering) await rooms(server, count / perRoom, 1);
  await sleep(500);
  const before = server.cpu();
  const come = async (lane) => {
    for (let n = lane; n < count; n += atOnce) {
      const client = await server.client().open();
      if (entering) await server.enter(client, `room-${n % (count / perRoom)}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, (_, lane) => come(lane)));
  return { rate: count / (server.cpu() - before) };
}
