// How the server is: what it holds, and what it said.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Lines of a log that a client must not be able to cause. */
const TROUBLE = /panicked at|\bERROR\b/;
const GAUGES = ["parlor_pending_commands", "parlor_rooms_awake"];

export class Vitals {
  constructor(server) {
    this.server = server;
    this.folder = `/proc/${server.child.pid}`;
  }

  /** What is wrong with the process itself, if anything. */
  trouble() {
    const { child, stderr } = this.server;
    if (child.exitCode !== null || child.signalCode !== null) return `it ended (${child.exitCode ?? child.signalCode})`;
    const at = stderr.search(TROUBLE);
    return at < 0 ? undefined : `it logged ${stderr.slice(Math.max(0, at - 100), at + 1_000)}`;
  }

  /** Resident memory, in MB. */
  memory() {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`${this.folder}/status`, "utf8"))[1]) / 1_024;
  }

  /** Open files, and how many of them are sockets. */
  files() {
    const links = readdirSync(`${this.folder}/fd`).map((fd) => {
      try {
        return readlinkSync(`${this.folder}/fd/${fd}`);
      } catch {
        return ""; // closed meanwhile
      }
    });
    return { open: links.length, sockets: links.filter((link) => link.startsWith("socket:")).length };
  }

  async gauges() {
    const figures = await this.server.figures();
    return Object.fromEntries(GAUGES.map((name) => [name, figures(name)]));
  }
}
