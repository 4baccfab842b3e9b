"""The work of `make compare` on Django Channels with its Redis layer, served by daphne: JSON over plain WebSockets.

A request is {"id", "event", "data"}; its answer has the same id; what is told to a room has an event.
"""

import datetime
import os
import sys

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["channels"],
    SECRET_KEY="only for measuring on this machine",
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            # It waits for five seconds at a time, which is when the client would give up; and takes a connection for each socket.
            "CONFIG": {
                "hosts": [{"address": os.environ["REDIS_URL"], "socket_timeout": 30, "max_connections": 10_000}],
                "capacity": 100_000,
            },
        }
    },
)
django.setup()

from channels.generic.websocket import AsyncJsonWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import re_path  # noqa: E402

PLAYER = {"player_id": "b2b6c2de-6f5a-4a0f-9a3b-0d1c6a3a5c11", "nickname": "someone"}
seqs: dict[str, int] = {}


def now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat()


class Table(AsyncJsonWebsocketConsumer):
    room = None

    async def receive_json(self, content):
        event, data, answer = content["event"], content["data"], {"ok": True}
        if event == "join":
            self.room = data["room"]
            await self.channel_layer.group_add(self.room, self.channel_name)
        elif event == "ping":
            answer |= {"timestamp": data["timestamp"], "server_time": now()}
        elif event == "typing":
            await self.tell("player_typing", {**PLAYER, "typing": data["typing"]})
        elif event == "chat_message":
            seqs[self.room] = seq = seqs.get(self.room, 0) + 1
            await self.tell("chat_message", {"player": PLAYER, "message": data["message"], "seq": seq, "timestamp": now()})
            answer["seq"] = seq
        await self.send_json({"id": content["id"], "data": answer})

    async def tell(self, event, data):
        await self.channel_layer.group_send(self.room, {"type": "told", "event": event, "data": data})

    async def told(self, message):
        await self.send_json({"event": message["event"], "data": message["data"]})

    async def disconnect(self, code):
        if self.room:
            await self.channel_layer.group_discard(self.room, self.channel_name)


application = ProtocolTypeRouter({"websocket": URLRouter([re_path(r"", Table.as_asgi())])})

if __name__ == "__main__":
    from daphne.endpoints import build_endpoint_description_strings
    from daphne.server import Server

    port = int(sys.argv[1])
    Server(
        application=application,
        endpoints=build_endpoint_description_strings(host="127.0.0.1", port=port),
        ready_callable=lambda: print(f"listening on http://127.0.0.1:{port}", flush=True),
        verbosity=0,
    ).run()
