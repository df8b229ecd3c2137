// A bot that says "pong" to whoever says "ping", and misses nothing: chat.js, which the page is made with, too, goes on
// where it was when the server comes back, and says again, once, what was not acked.
//
//     node examples/js/bot.mjs ws://localhost:8080/ws pongbot     (Node 22 or newer, Deno or Bun)
import { Chat } from "../../transport/page/chat.js";

const [url, name] = process.argv.slice(2);
const chat = new Chat({ url });

chat.on("messages", ({ messages, live, gap }) => {
  if (gap) console.error("some messages were missed: the server no longer keeps them");
  if (!live && !seen) return; // said before it first came
  for (const { user, to, room, text } of messages) {
    if (user === name || text !== "ping") continue;
    if (to) chat.tell(user, "pong");
    else chat.say(`${user}: pong`, { room });
  }
});

let seen = false;
chat.on("joined", () => (seen = true));
chat.on("refused", ({ message }) => {
  console.error(message);
  process.exit(1);
});
chat.on("shut", ({ code }) => process.exit(code));

chat.start();
chat.join(name);
