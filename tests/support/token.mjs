// Signs and forges tokens (JWT, HS256), from those that the server gave out.
import { createHmac } from "node:crypto";
import { SECRET } from "./server.mjs";

const encode = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

/** What a token says: `{ header, claims }`. */
export function read(token) {
  const [header, claims] = token.split(".").map((part) => Buffer.from(part, "base64url").toString());
  return { header: JSON.parse(header), claims: JSON.parse(claims) };
}

/** A token with these claims, signed with the server's secret unless another is given. */
export function sign(claims, { secret = SECRET, header = { typ: "JWT", alg: "HS256" } } = {}) {
  const body = `${encode(header)}.${encode(claims)}`;
  return `${body}.${createHmac("sha256", secret).update(body).digest("base64url")}`;
}

/** The same token with other claims, properly signed. */
export function reissue(token, changes) {
  const { header, claims } = read(token);
  return sign({ ...claims, ...changes }, { header });
}

/** Tokens that must be refused, each with what is wrong about it. */
export function badTokens(token) {
  const { header, claims } = read(token);
  const [head, body, signature] = token.split(".");
  const now = Math.floor(Date.now() / 1000);
  const other = body.slice(0, -2) + (body.endsWith("AA") ? "BB" : "AA");
  return {
    "some text": "not a token",
    "a number": 7,
    "an object": { token },
    "10 kB of letters": "a".repeat(10_000),
    "three dots": "...",
    "an expired token": sign({ ...claims, iat: now - 7200, exp: now - 3600 }),
    "signed with another secret": sign(claims, { secret: "another secret that is long enough" }),
    "signed with an empty secret": sign(claims, { secret: "" }),
    "alg none": `${encode({ typ: "JWT", alg: "none" })}.${body}.`,
    "alg None": `${encode({ typ: "JWT", alg: "None" })}.${body}.`,
    "alg none with the old signature": `${encode({ typ: "JWT", alg: "none" })}.${body}.${signature}`,
    "another algorithm named": `${encode({ ...header, alg: "RS256" })}.${body}.${signature}`,
    "without its signature": `${head}.${body}.`,
    "changed claims": `${head}.${other}.${signature}`,
    "no claims": sign({}),
    "no expiry": sign({ ...claims, exp: undefined }),
    "a subject that is no player": sign({ ...claims, sub: "../../etc/passwd" }),
    "expiry as text": sign({ ...claims, exp: "tomorrow" }),
  };
}
