"""The work of `make compare` on python-socketio, served by uvicorn with uvloop and httptools."""

import datetime
import socket

import socketio
import uvicorn

PLAYER = {"player_id": "b2b6c2de-6f5a-4a0f-9a3b-0d1c6a3a5c11", "nickname": "someone"}
sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")
rooms: dict[str, str] = {}
seqs: dict[str, int] = {}


def now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat()


@sio.event
async def join(sid, data):
    rooms[sid] = data["room"]
    await sio.enter_room(sid, data["room"])
    return {"ok": True}


@sio.event
async def ping(sid, data):
    return {"ok": True, "timestamp": data["timestamp"], "server_time": now()}


@sio.event
async def typing(sid, data):
    await sio.emit("player_typing", {**PLAYER, "typing": data["typing"]}, room=rooms[sid], skip_sid=sid)
    return {"ok": True}


@sio.event
async def chat_message(sid, data):
    room = rooms[sid]
    seqs[room] = seq = seqs.get(room, 0) + 1
    await sio.emit("chat_message", {"player": PLAYER, "message": data["message"], "seq": seq, "timestamp": now()}, room=room)
    return {"ok": True, "seq": seq}


@sio.event
def disconnect(sid, reason):
    rooms.pop(sid, None)


if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(socketio.ASGIApp(sio), log_level="error", loop="uvloop", http="httptools")
    uvicorn.Server(config).run(sockets=[listener])
