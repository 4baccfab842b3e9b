// The ways to write Socket.IO's packets: as text, and as MessagePack. Each writes events and reads what an answer says.
import { json } from "./values.mjs";
import { packer } from "./pack.mjs";

/** What a packet of the server is to its client. */
const KINDS = ["connect", "disconnect", "event", "ack", "refusal"];
/** As much of a packet as says what it is. */
const HEAD = 200;

const ANSWER = /^4(\d)(?:\/[a-z]+,?)?(\d*)(?:\[\{"ok":(?:true|false,"error":\{"code":"(\w+)"))?/;
const ERROR = /^42(?:\/[a-z]+,)?\["error",\{"code":"(\w+)"/;

export const text = {
  connect: (namespace, auth) => `40${namespace},${json(auth)}`,
  event: (namespace, id, event, args) => `42${namespace},${id}[${[event, ...args].map(json).join()}]`,

  /** What the server says: `{ kind, id, code }`, with the id of an answer and the code of a refusal. */
  read(packet) {
    const head = packet.latin1Slice(0, Math.min(HEAD, packet.length));
    const [, kind, id, code] = ANSWER.exec(head) ?? [];
    return { kind: KINDS[kind], id: id ? Number(id) : undefined, code: code ?? (kind === "2" ? ERROR.exec(head)?.[1] : undefined) };
  },

  /** The arguments of an event or an answer. */
  arguments: (packet) => JSON.parse(packet.subarray(packet.indexOf("[")).toString()),
};

/** As clients of 2.x write it, who put what they have to say about themselves into a query. */
export const legacy = {
  ...text,
  connect(namespace, auth) {
    const fields = Object.entries(auth ?? {}).map(([key, value]) => [key, typeof value === "string" ? value : json(value)]);
    return `40${namespace}?${new URLSearchParams(fields)},`;
  },
};

const CODE = /\xa5error[\x80-\x8f]\xa4code[\xa0-\xbf]([A-Z_]+)/;
/** How the server's packets begin, up to the byte that is their type. */
const TYPE_AT = "\x84\xa4type".length;
/** How an answer ends: `id` and a number of four bytes. */
const ID = "\xa2id\xce";
const ID_LENGTH = ID.length + 4;

export function msgpack(chance) {
  const pack = packer(chance);
  return {
    binary: true,
    connect: (namespace, auth) => pack.packet(0, namespace, auth),
    event: (namespace, id, event, args) => pack.packet(2, namespace, [event, ...args], id),

    /** Not a whole decoder: the server writes `type` first and `id` last. */
    read(packet) {
      const kind = packet[TYPE_AT];
      const tail = packet.length - ID_LENGTH;
      const id = kind === 3 && tail > 0 && packet.latin1Slice(tail, tail + ID.length) === ID ? packet.readUInt32BE(tail + ID.length) : undefined;
      return { kind: KINDS[kind], id, code: CODE.exec(packet.latin1Slice(0, Math.min(HEAD, packet.length)))?.[1] };
    },
  };
}
