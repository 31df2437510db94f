/** The commands of this page, which the server does not know. To add one, add an entry. */

import { SERVER } from "../model/buffers.js";
import { Refused } from "../net/failures.js";

/** @typedef {import("../model/buffers.js").Buffer} Buffer */
/** @typedef {import("../model/commands.js").Command} Command */
/** @typedef {import("./chat_session.js").ChatSession} ChatSession */
/** @typedef {Command & {do: (session: ChatSession, rest: string, pane: Buffer) => void}} LocalCommand */

/** @type {LocalCommand[]} */
export const LOCAL_COMMANDS = [
    {
        usage: "close", help: "leaves this room or conversation",
        do(session, _rest, pane) {
            if (pane.private || !pane.inside) session.state.close(pane.name);
            else if (pane.name !== SERVER) session.input.typed(`/leave ${pane.name}`, pane);
        },
    },
    {
        usage: "query name [text]", help: "opens a private conversation",
        do(session, rest) {
            const [, name, text] = /** @type {RegExpMatchArray} */ (rest.match(/^\s*@?(\S*)\s*([^]*)$/));
            if (!name) throw new Refused("usage", "Usage: /query name [text]");
            session.lookAt(`@${name}`);
            if (text) session.input.say(text, session.state.pane);
        },
    },
    { usage: "clear", help: "clears this conversation on the screen", do: (session, _rest, pane) => session.clear(pane) },
    { usage: "quit [words]", aliases: ["exit"], help: "leaves the chat", do: (session, rest) => session.leave(rest) },
];
