/** Joins the lobby with irc-framework over WebSocket, answers one message, and leaves: `node irc_framework.js PORT SUBPROTOCOL`. */

const { createRequire } = require("node:module");
const path = require("node:path");

const installed = createRequire(path.join(process.cwd(), "here.js")); // the folder that npm installed into
const { Client } = installed("irc-framework");
globalThis.WebSocket ??= installed("ws");

const client = new Client();
client.connect({
    host: "localhost", port: Number(process.argv[2]), path: "/", nick: "kiwi", auto_reconnect: false,
    transport: installed("irc-framework/src/transports/websocket"), websocket_protocol: process.argv[3],
});
client.on("registered", () => client.join("#lobby"));
client.on("join", ({ nick, channel }) => nick === "kiwi" && client.say(channel, "hello from Kiwi"));
client.on("privmsg", ({ nick, target, message }) => {
    if (nick === "kiwi") return;
    client.say(target, `${nick} said: ${message}`);
    client.quit("bye");
});
client.on("close", () => process.exit(0));
