/** Requests the commands and rooms when the user is about to type one. */

import { key } from "../model/text_rules.js";

/** @typedef {import("../model/buffers.js").Buffer} Buffer */
/** @typedef {import("../model/completion.js").Candidates} Candidates */
/** @typedef {import("./chat_session.js").ChatSession} ChatSession */

const FRESH = 30_000; // milliseconds for which a list of rooms is reused

/** @type {WeakMap<ChatSession, CompletionSource>} */
const sources = new WeakMap();

/**
 * Return the source of a session.
 * @param {ChatSession} session
 */
export function sourceOf(session) {
    const source = sources.get(session) ?? new CompletionSource(session);
    sources.set(session, source);
    return source;
}

/** What can be completed at the moment. */
class CompletionSource {
    /** @param {ChatSession} session */
    constructor(session) {
        /** @type {{room: string, count: number, topic?: string}[]} */
        this.rooms = [];
        this._session = session;
        this._asWhom = ""; // where the commands were requested
        this._roomsAt = -FRESH;
    }

    /**
     * Return the candidates in a conversation.
     * @param {Buffer} pane
     * @returns {Candidates}
     */
    known(pane) {
        const inside = [...this._session.state.panes.keys()].filter(name => name.startsWith("#"));
        const rooms = [...new Set([...inside, ...this.rooms.map(place => place.room)])];
        return { commands: this._session.input.all, names: this._names(pane), rooms };
    }

    /** @param {Buffer} pane */
    _names(pane) {
        if (pane.private) return [pane.name.slice(1)];
        return [...pane.people.values()]
            .filter(one => key(one.name) !== key(this._session.state.name))
            .sort((one, other) => other.spoke - one.spoke || one.name.localeCompare(other.name))
            .map(one => one.name);
    }

    /**
     * Request what is needed for what the user is typing; return whether anything new has come.
     * @param {string} text
     */
    async aboutToName(text) {
        const asked = [text.startsWith("/") && this.askCommands(), (text.includes("#") || text.startsWith("/join")) && this.askRooms()];
        return (await Promise.all(asked)).includes(true);
    }

    /** Request the commands, which depend on the account and the room. */
    async askCommands() {
        const { connection, state, input } = this._session;
        const role = state.pane.people.get(key(state.name))?.role;
        const whom = JSON.stringify([state.here, state.account, state.operator, role]);
        if (!connection.here || whom === this._asWhom) return false;
        this._asWhom = whom;
        try {
            input.commands.learn((await connection.ask("help", {})).commands);
            state.changed();
            return true;
        } catch {
            this._asWhom = ""; // it is requested again when needed
            return false;
        }
    }

    /** Request the rooms. */
    async askRooms() {
        const { connection, state, now } = this._session;
        if (!connection.here || now - this._roomsAt < FRESH) return false;
        this._roomsAt = now;
        try {
            this.rooms = (await connection.ask("rooms", {})).rooms;
            state.changed();
            return true;
        } catch {
            this._roomsAt = -FRESH;
            return false;
        }
    }
}
