// The work of `make compare` on Node's own server: `node server.mjs [FILE]`. With a file, each move is a row in SQLite, written with
// synchronous=FULL before anybody is told.
import { createServer } from "node:http";
import Database from "better-sqlite3";
import { Server } from "socket.io";

const file = process.argv[2];
const player = { player_id: "b2b6c2de-6f5a-4a0f-9a3b-0d1c6a3a5c11", nickname: "someone" };
let write = () => {};
if (file) {
  const db = new Database(file);
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.exec("CREATE TABLE moves (room TEXT NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (room, seq))");
  const insert = db.prepare("INSERT INTO moves (room, seq, body) VALUES (?, ?, ?)");
  write = (room, move) => insert.run(room, move.seq, JSON.stringify(move));
}

const http = createServer();
const io = new Server(http);
const seqs = new Map();

io.on("connection", (socket) => {
  socket.on("join", ({ room }, answer) => {
    socket.join(room);
    socket.data.room = room;
    answer({ ok: true });
  });
  socket.on("ping", ({ timestamp }, answer) => answer({ ok: true, timestamp, server_time: new Date().toISOString() }));
  socket.on("typing", ({ typing }, answer) => {
    socket.to(socket.data.room).emit("player_typing", { ...player, typing });
    answer({ ok: true });
  });
  socket.on("chat_message", ({ message }, answer) => {
    const { room } = socket.data;
    const seq = (seqs.get(room) ?? 0) + 1;
    seqs.set(room, seq);
    const move = { player, message, seq, timestamp: new Date().toISOString() };
    write(room, move);
    io.to(room).emit("chat_message", move);
    answer({ ok: true, seq });
  });
});

http.listen(0, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${http.address().port}`));
