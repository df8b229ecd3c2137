"""Says "pong" to whoever says "ping", and misses none: it goes on where it was when the server comes back.

    python3 examples/python/bot.py ws://localhost:8080/ws pongbot     (needs websockets: pip install websockets)
"""

import asyncio
import json
import random
import sys
import time

import websockets


class Bot:
    def __init__(self, name):
        self.name, self.token = name, ""
        self.since = int(time.time() * 1e6)  # all up to there is answered
        self.open = 0  # answers that are not acked yet

    async def hear(self, socket, frame):
        kind = frame["type"]
        if kind == "init":
            for missed in frame["history"]:
                await self.answer(socket, missed)
        elif kind == "msg":
            await self.answer(socket, frame)
        elif kind == "joined":
            self.token = ":" + frame["token"]
        elif kind == "ack":
            self.since, self.open = int(frame["ref"]), self.open - 1
        elif kind == "error":
            print(frame["message"], file=sys.stderr)
            await socket.close()  # it comes back, and answers what is not answered

    async def answer(self, socket, message):
        if message["text"] == "ping" and message["user"] != self.name and message["id"] > self.since:
            self.open += 1  # the reference is the id of what is answered: said twice, it is stored once
            await socket.send(f"msg#{message['id']}:{self.name}:{message['user']}: pong")
        elif self.open == 0:
            self.since = max(self.since, message["id"])

    async def run(self, url):
        while True:
            try:
                async with websockets.connect(f"{url}?since={self.since}") as socket:
                    self.open = 0
                    await socket.send(f"join:{self.name}{self.token}")
                    async for text in socket:
                        if text.startswith("{"):  # "Welcome NAME!" is for people
                            await self.hear(socket, json.loads(text))
            except (OSError, websockets.WebSocketException):
                pass
            await asyncio.sleep(random.uniform(0, 2))  # not all bots at once


asyncio.run(Bot(sys.argv[2]).run(sys.argv[1]))
