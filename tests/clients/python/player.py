"""Plays one seat of a whole draft with python-socketio and prints what it was told, one JSON object per line.

Usage: player.py URL TRANSPORTS [ROOM_CODE]; without a code it makes a room and starts when a guest is there.
"""

import json
import queue
import sys
import threading

import socketio

NAMESPACE = "/draft"
PATIENCE = 30


printing = threading.Lock()


def say(kind, **fields):
    # Each event is handled on a thread of its own; a line is one line.
    with printing:
        print(json.dumps({"kind": kind, **fields}), flush=True)


class Player:
    def __init__(self, url, transports, code):
        self.url, self.transports, self.code = url, transports, code
        self.client = socketio.Client(reconnection=False)
        self.client.on("*", self.heard, namespace=NAMESPACE)
        self.client.on("connect_error", lambda data: say("refused", data=data), namespace=NAMESPACE)
        self.inbox = queue.Queue()
        self.seqs = set()
        self.has_session = threading.Event()

    def heard(self, event, data=None):
        say("event", event=event, data=data)
        if event == "session":
            self.has_session.set()
        if isinstance(data, dict) and "seq" in data:
            self.seqs.add(data["seq"])
        self.inbox.put(event)

    def ask(self, event, data):
        answer = self.client.call(event, data, namespace=NAMESPACE, timeout=PATIENCE)
        if not answer.get("ok"):
            raise RuntimeError(f"{event} {data} was answered {answer}")
        return answer

    def wait_for(self, *events):
        while True:
            event = self.inbox.get(timeout=PATIENCE)
            if event in events:
                return event

    def play(self):
        self.client.connect(self.url, namespaces=[NAMESPACE], transports=self.transports, auth={}, wait_timeout=PATIENCE)
        if not self.has_session.wait(PATIENCE):
            raise RuntimeError("no session came")
        if self.code:
            role = self.ask("join_room", {"room_code": self.code, "nickname": "Py"})["player_role"]
        else:
            created = self.ask("create_room", {"nickname": "Py"})
            role = created["player_role"]
            say("room", code=created["room_code"])
            self.joined()
            self.ask("start_game", {})
        self.wait_for("game_started")
        while True:
            state = self.ask("request_sync", {})["state"]
            free = [name for name in state["template"]["roles"] if name not in state[f"{role}_placements"]]
            if state["current_turn"] == role and free:
                self.ask("draw_character", {})
                character = self.ask("request_sync", {})["state"]["drawn_character"]
                self.ask("place_character", {"character_id": character["id"], "role_name": free[0]})
            if self.wait_for("character_placed", "game_ended") == "game_ended":
                break
        self.settle()
        say("done", role=role, transport=self.client.transport())
        self.client.disconnect()

    def settle(self):
        """The threads of the last events may overtake those of earlier ones: waits until every `seq` is there."""
        while len(self.seqs) <= max(self.seqs) - min(self.seqs):
            self.inbox.get(timeout=PATIENCE)

    def joined(self):
        """The second of two: the host is told of its own arrival too, or not."""
        while True:
            self.wait_for("player_joined", "presence_update")
            presence = self.ask("request_presence", {})
            if len(presence["online_players"]) == 2:
                return


if __name__ == "__main__":
    _, url, transports, *code = sys.argv
    Player(url, transports.split(","), code[0] if code else None).play()
