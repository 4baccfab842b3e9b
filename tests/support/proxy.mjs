// A TCP proxy that loses the network on command.
import net from "node:net";

export class Proxy {
  constructor(targetPort) {
    this.targetPort = targetPort;
    this.port = 0;
    this.pairs = new Set();
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Listens, again on the same port after `cut`. */
  async restore() {
    this.server = net.createServer({ noDelay: true }, (near) => {
      const far = net.connect({ port: this.targetPort, host: "127.0.0.1", noDelay: true });
      const pair = { near, far };
      this.pairs.add(pair);
      const end = () => {
        near.destroy();
        far.destroy();
        this.pairs.delete(pair);
      };
      for (const socket of [near, far]) socket.on("error", end).on("close", end);
      if (!this.stalled) {
        near.pipe(far);
        far.pipe(near);
      }
    });
    await new Promise((resolve, reject) => this.server.once("error", reject).listen(this.port, "127.0.0.1", resolve));
    this.port = this.server.address().port;
    return this;
  }

  /** The network is gone: connections break, new ones are refused. */
  async cut() {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const { near, far } of [...this.pairs]) {
      reset(near);
      far.destroy();
    }
    await closed;
  }

  /** Connections stay, and nothing comes through: a locked screen, a lost radio. */
  stall() {
    this.stalled = true;
    for (const { near, far } of this.pairs) {
      near.unpipe(far);
      far.unpipe(near);
      near.pause();
      far.pause();
    }
  }

  /** What was held back goes on its way. */
  resume() {
    this.stalled = false;
    for (const { near, far } of this.pairs) {
      near.pipe(far);
      far.pipe(near);
    }
  }

  async close() {
    if (this.server?.listening) await this.cut();
  }
}

/**
 * Breaks a connection off at once. `resetAndDestroy` would first wait until the other side has read everything, which a process that
 * stands still does not do; and a socket that fails meanwhile is never closed at all, because Node cannot reset what is being shut down.
 */
export function reset(socket) {
  if (socket.destroyed) return;
  socket.resetAndClosing = !socket.connecting && !socket.writableEnded;
  socket.destroy();
}

/** A proxy before `targetPort`, closed when the test ends. */
export async function startProxy(t, targetPort) {
  const proxy = await new Proxy(targetPort).restore();
  t.after(() => proxy.close());
  return proxy;
}
