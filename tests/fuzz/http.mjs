// HTTP by hand, over a Line: requests one after the other without waiting, their responses in order.
import { Line } from "./line.mjs";

const STATUS_AT = "HTTP/1.1 ".length;
const HEAD_END = Buffer.from("\r\n\r\n");

/** The response at the beginning of `bytes`, once it is all there: `{ status, head, body, end }`. */
export function readResponse(bytes, method) {
  const at = bytes.indexOf(HEAD_END);
  if (at < 0) return undefined;
  const head = bytes.latin1Slice(0, at);
  const status = Number(head.slice(STATUS_AT, STATUS_AT + 3));
  const start = at + HEAD_END.length;
  if (method === "HEAD" || status === 204 || status === 304 || status < 200) return { status, head, body: bytes.subarray(start, start), end: start };
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined && /\r\ntransfer-encoding: *chunked/i.test(head)) return readChunks(bytes, start, { status, head });
  const end = start + Number(length ?? 0);
  return bytes.length < end ? undefined : { status, head, body: bytes.subarray(start, end), end };
}

function readChunks(bytes, start, response) {
  const chunks = [];
  for (let at = start; ; ) {
    const data = bytes.indexOf("\r\n", at) + 2;
    if (data < 2) return undefined;
    const size = parseInt(bytes.latin1Slice(at, data), 16);
    const end = data + size + 2;
    if (bytes.length < end) return undefined;
    if (size === 0) return { ...response, body: Buffer.concat(chunks), end };
    chunks.push(bytes.subarray(data, data + size));
    at = end;
  }
}

export class HttpLine extends Line {
  #unread = Buffer.alloc(0);
  #expected = [];

  /** Sends requests `{ method, bytes }` at once; a promise for each response, which is nothing when the server closed before it. */
  send(requests) {
    const responses = requests.map(({ method }) => new Promise((done) => this.#expected.push({ method, done })));
    if (this.isClosed) this.ended();
    this.write(Buffer.concat(requests.map(({ bytes }) => bytes)));
    return responses;
  }

  hear(data) {
    let bytes = this.#unread.length ? Buffer.concat([this.#unread, data]) : data;
    while (bytes.length && this.#expected.length) {
      const response = readResponse(bytes, this.#expected[0].method);
      if (!response) break;
      bytes = bytes.subarray(response.end);
      // An interim response is followed by the real one.
      if (response.status >= 200 || response.status === 101) this.#expected.shift().done(response);
    }
    this.#unread = bytes;
  }

  ended() {
    for (const { done } of this.#expected.splice(0)) done(undefined);
  }
}

/** A request as bytes. `headers`: `[[name, value], …]`; a body gets its length, or is sent in chunks. */
export function request(method, target, headers = [], body = undefined, { chunks = 0 } = {}) {
  const all = [["Host", "127.0.0.1"], ...headers];
  if (body !== undefined) all.push(chunks ? ["Transfer-Encoding", "chunked"] : ["Content-Length", body.length]);
  const head = `${method} ${target} HTTP/1.1\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  const parts = body === undefined ? [] : chunks ? chunked(body, chunks) : [body];
  return { method, bytes: Buffer.concat([Buffer.from(head, "latin1"), ...parts]) };
}

function chunked(body, count) {
  const size = Math.max(1, Math.ceil(body.length / count));
  const parts = [];
  for (let at = 0; at < body.length; at += size) {
    const part = body.subarray(at, at + size);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n"));
  }
  return [...parts, Buffer.from("0\r\n\r\n")];
}
