/** Handles what the user types: messages, which are shown as waiting, and commands. */

import { SERVER } from "../model/buffers.js";
import { Commands, typed } from "../model/commands.js";
import { aliasesOf, nameOf } from "../model/completion.js";
import { emojized } from "../model/emojis.js";
import { parts } from "../model/split_message.js";
import { NotConnected, Refused } from "../net/failures.js";
import { LOCAL_COMMANDS } from "./local_commands.js";

/** @typedef {import("../model/buffers.js").Buffer} Buffer */
/** @typedef {import("../model/items.js").Event} Event */
/** @typedef {import("./chat_session.js").ChatSession} ChatSession */

/** Sends the user's messages and commands. */
export class InputHandler {
    /** @param {ChatSession} session */
    constructor(session) {
        this.emoji = true; // replace names such as :tea: with emoji
        this.commands = new Commands();
        this._session = session;
        /** @type {string | null} from the server; the next line answers it */
        this._question = null;
        this._local = new Map(LOCAL_COMMANDS.flatMap(command =>
            [nameOf(command), ...aliasesOf(command)].map(name => /** @type {const} */ ([name, command]))));
    }

    /** All commands; those of this page replace the server's of the same name. */
    get all() {
        return [...LOCAL_COMMANDS, ...this.commands.listed.filter(command => !this._local.has(nameOf(command)))];
    }

    /**
     * Carry out what was typed in a buffer.
     * @param {string} text
     * @param {Buffer} pane
     */
    typed(text, pane) {
        if (!text.trim()) return;
        const { name: written, rest, literal } = typed(text, this._question);
        if (written === this._question) this._question = null;
        try {
            this._do(written, rest, literal, text, pane);
        } catch (error) {
            this._wentWrong(error, text, pane);
        }
    }

    /**
     * @param {string} written
     * @param {string} rest
     * @param {string | undefined} literal
     * @param {string} text
     * @param {Buffer} pane
     */
    _do(written, rest, literal, text, pane) {
        const name = this.commands.name(written);
        const local = this._local.get(name.toLowerCase()) ?? this._local.get(written.toLowerCase());
        if (literal !== undefined && local === undefined && !this.commands.has(written)) this.say(literal, pane);
        else if (local !== undefined) local.do(this._session, rest, pane);
        else if (name === "say") this.say(rest, pane);
        else if (name === "me") this._act(rest, text, pane);
        else if (name === "msg" && /^\s*\S+\s*$/.test(rest)) this._session.lookAt(`@${rest.trim()}`);
        else if (name === "delete" && pane.private) this._ask(name, placed(rest, pane.name), text, pane);
        else this._ask(name, rest, text, pane);
    }

    // Messages

    /**
     * Send a text, in as many messages as necessary.
     * @param {string} text
     * @param {Buffer} pane
     */
    say(text, pane) {
        checkPlace(pane);
        const said = parts(this._emojized(text));
        if (said.length > 1) this._session.note(`Too long: sent as ${said.length} messages.`, false, pane.name);
        for (const part of said) this._wait(this._sent(part, pane), part, pane, part);
    }

    /**
     * @param {string} text
     * @param {Buffer} pane
     */
    _sent(text, pane) {
        const { connection } = this._session;
        if (pane.private) return connection.request("msg", { name: pane.name.slice(1), text }, { once: !pane.kept });
        return connection.request("say", { room: pane.name, text });
    }

    /**
     * @param {string} what
     * @param {string} text
     * @param {Buffer} pane
     */
    _act(what, text, pane) {
        checkPlace(pane);
        const { connection } = this._session;
        const asked = pane.private
            ? connection.request("msg", { name: pane.name.slice(1), text: this._emojized(what), action: true }, { once: !pane.kept })
            : connection.request("me", { room: pane.name, text: this._emojized(what) });
        this._wait(asked, what, pane, text, true);
    }

    /** @param {string} text */
    _emojized(text) {
        return this.emoji ? emojized(text) : text;
    }

    // Commands

    /**
     * @param {string} name
     * @param {string} rest
     * @param {string} text
     * @param {Buffer} pane
     */
    _ask(name, rest, text, pane) {
        const said = this.commands.is(name, "speech") ? this._emojized(rest) : rest;
        const asked = this._session.connection.request(name, { rest: said }, { alone: true, once: this.commands.is(name, "once") });
        const password = this.commands.passwordOf(name, rest);
        const answered = asked.then(event => this._answered(event, password));
        answered.then(event => this._session.present(event, { command: name, given: { rest: said } }), () => {});
        this._wait(answered, this.commands.masked(text), pane, text);
    }

    /**
     * Carry out a command whose arguments were chosen in the page; return the event that answers it.
     * @param {string} name
     * @param {Record<string, unknown>} given
     */
    async perform(name, given) {
        const event = await this._session.connection.request(name, given, { alone: true, once: this.commands.is(name, "once") });
        const password = this.commands.is(name, "secret") && name !== "unregister" ? given.new ?? given.password : undefined;
        return this._answered(event, password === undefined ? undefined : String(password));
    }

    /**
     * Switch to the room or user in the answer; remember a question, or a password.
     * @param {Event} event
     * @param {string | undefined} password
     */
    _answered(event, password) {
        if (password !== undefined) this._session.connection.proved({ account_password: password });
        if (event.event === "asked") this._question = event.question;
        else if (event.event === "entered") this._session.lookAt(event.room);
        else if (event.event === "talking" && (event.to || event.room)) this._session.lookAt(event.to ? `@${event.to}` : event.room);
        return event;
    }

    /**
     * Show a request as waiting until it is answered; restore it to the input if refused.
     * @param {Promise<Event>} asked
     * @param {string} shown
     * @param {Buffer} pane
     * @param {string} text
     */
    async _wait(asked, shown, pane, text, action = false) {
        const waiting = this._session.state.wait(pane, shown, this._session.now, action);
        try {
            await asked;
        } catch (error) {
            this._wentWrong(error, text, pane);
        }
        this._session.state.settled(pane, waiting);
    }

    /**
     * @param {unknown} error
     * @param {string} text
     * @param {Buffer} pane
     */
    _wentWrong(error, text, pane) {
        if (error instanceof NotConnected) return; // the user has left, and was told
        const where = this._session.state.find(pane.name) === pane ? pane.name : undefined;
        const masked = this.commands.masked(text);
        if (error instanceof Refused) {
            if (masked === text) this._session.giveBack(text, pane);
            this._session.note(error.message, true, where);
        } else this._session.note(`The connection was lost. This may not have arrived: ${masked}`, true, where);
    }
}

/** @param {Buffer} pane */
function checkPlace(pane) {
    if (pane.name === SERVER) throw new Refused("nowhere", "You are not in a room. To join one: /join #lobby");
}

/**
 * Return the arguments of `/delete` with the current conversation.
 * @param {string} rest
 * @param {string} place
 */
function placed(rest, place) {
    const [, number, after] = /** @type {RegExpMatchArray} */ (rest.trim().match(/^(\S*)\s*([^]*)$/));
    return /^[#@]/.test(after) ? rest : `${number} ${place} ${after}`.trim();
}
