/** Handles what the user types: messages, which are shown as waiting, and commands. */

import { SERVER } from "../model/buffers.js";
import { aliasesOf, Commands, nameOf, typed } from "../model/commands.js";
import { parts } from "../model/split_message.js";
import { NotConnected, Refused } from "../net/failures.js";
import { Leading } from "./leading.js";
import { LOCAL_COMMANDS } from "./local_commands.js";

/** @typedef {import("../model/buffers.js").Buffer} Buffer */
/** @typedef {import("../model/items.js").Event} Event */
/** @typedef {import("./chat_session.js").ChatSession} ChatSession */

const EMOJI = /:[^\s:]+:/;

/** Sends the user's messages and commands. */
export class InputHandler {
    /** @param {ChatSession} session */
    constructor(session) {
        this.emoji = true; // replace names such as :tea: with emoji
        this.commands = new Commands();
        this._session = session;
        /** @type {string | null} from the server; the next line answers it */
        this._question = null;
        /** @type {Leading | null} the last command that may lead elsewhere, until it is answered */
        this.leading = null;
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
        this.attempt(() => this._do(written, rest, literal, text, pane), text, pane);
    }

    /**
     * Do something; say what is wrong with it, and restore the text to the input.
     * @param {() => void} act
     * @param {string} text
     * @param {Buffer} pane
     */
    attempt(act, text, pane) {
        try {
            act();
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
        if (this.leading?.hold(text, text, pane, there => this.say(text, there))) return;
        const room = this._placeOf(pane), said = parts(this._emojized(text));
        if (said.length > 1) this._session.note(`Too long: sent as ${said.length} messages.`, false, room.name);
        for (const part of said) this._post(part, room, part);
    }

    /**
     * @param {string} text
     * @param {Buffer} pane
     * @param {string} typed
     */
    _post(text, pane, typed, action = false) {
        const request = pane.private
            ? { do: "msg", arguments: { name: pane.name.slice(1), text, ...(action && { action }) } }
            : { do: action ? "me" : "say", arguments: { room: pane.name, text } };
        const { connection, unsent, now, state: { account, name } } = this._session;
        const message = { ...request, name: account ?? name, guest: account === null, tag: connection.tag(), once: pane.private && !pane.kept, pane: pane.name, text, typed, action, time: now };
        unsent.add(message);
        this.send(message);
    }

    /**
     * Send a message that is kept until it is answered.
     * @param {import("./unsent.js").Message} message
     */
    async send(message) {
        const { do: what, arguments: given, tag, once, pane, text, typed, action, time } = message;
        const { connection, state, unsent } = this._session;
        const done = () => unsent.remove(tag);
        const asked = connection.request(what, given, { once, tag, until: this._emojize(given, "text"), ...(once && { whenSent: done }) });
        if (await this._wait(asked, text, state.open(pane), typed, action, time) || this._session.leaving) done();
        else this._session.kept.push(message);
    }

    /**
     * @param {string} what
     * @param {string} text
     * @param {Buffer} pane
     */
    _act(what, text, pane) {
        if (this.leading?.hold(what, text, pane, there => this._act(what, text, there))) return;
        this._post(this._emojized(what), this._placeOf(pane), text, true);
    }

    /**
     * Return where a message goes that was typed in a buffer: one that was typed before the first room is shown goes there.
     * @param {Buffer} pane
     */
    _placeOf(pane) {
        if (pane.name !== SERVER) return pane;
        const { connection, state } = this._session;
        const [first] = connection.here ? [] : connection.resume.places.keys();
        if (first === undefined) throw new Refused("nowhere", "You are not in a room. To join one: /join #lobby");
        return state.open(first);
    }

    /** @param {string} text */
    _emojized(text) {
        return (this.emoji && this._session.later.emojis?.emojized(text)) || text;
    }

    /**
     * Replace names of emoji in an argument that is about to be sent; if that must be loaded first, return what to wait for.
     * @param {Record<string, unknown>} given
     * @param {string} argument
     */
    _emojize(given, argument) {
        const { later } = this._session, text = String(given[argument]);
        if (!this.emoji || later.emojis || !EMOJI.test(text)) return undefined;
        return later.completing().then(() => (given[argument] = this._emojized(text)));
    }

    // Commands

    /**
     * @param {string} name
     * @param {string} rest
     * @param {string} text
     * @param {Buffer} pane
     */
    _ask(name, rest, text, pane) {
        const speech = this.commands.is(name, "speech"), said = { rest: speech ? this._emojized(rest) : rest };
        const asked = this._request(name, said, speech ? this._emojize(said, "rest") : undefined);
        const password = this.commands.passwordOf(name, rest);
        const leading = this.commands.is(name, "leads") ? this.leading = new Leading(this._session, pane) : null;
        const answered = asked.then(event => this._answered(event, password, leading));
        if (leading) answered.then(event => leading.release(placeOf(event)), () => leading.release(null));
        answered.then(event => this._present(event, { command: name, given: said }), error => this._needsPassword(error, name, rest));
        const shown = this.commands.masked(text);
        this._wait(answered, shown, pane, text).then(done => done || this._session.leaving || shown !== text || this._session.giveBack(text, pane));
    }

    /**
     * Show an answer as a list, if it is one.
     * @param {Event} event
     * @param {{command: string, given: Record<string, unknown>}} asked
     */
    async _present(event, asked) {
        try {
            await this._session.present(event, asked);
        } catch { // the server cannot be reached any more
            if (placeOf(event) === undefined) this._session.note(`The answer to /${asked.command} could not be shown. Try again.`, true);
        }
    }

    /**
     * Ask for the password of a room that could not be joined without one.
     * @param {unknown} error
     * @param {string} name
     * @param {string} rest
     */
    _needsPassword(error, name, rest) {
        const [room, password] = rest.trim().split(/\s+/);
        if (error instanceof Refused && error.code === "room-password" && name === "join" && !password) this._session.askPassword(room);
    }

    /**
     * Carry out a command whose arguments were chosen in the page; return the event that answers it.
     * @param {string} name
     * @param {Record<string, unknown>} given
     */
    async perform(name, given) {
        const event = await this._request(name, given);
        const password = this.commands.is(name, "secret") && name !== "unregister" ? given.new ?? given.password : undefined;
        return this._answered(event, password === undefined ? undefined : String(password));
    }

    /**
     * Make the request of a command; the account's token ends with the login, and is replaced with the password.
     * @param {string} name
     * @param {Record<string, unknown>} given
     * @param {Promise<unknown>} [until]
     */
    _request(name, given, until) {
        if (name === "logout") void this._session.endToken();
        const asked = this._session.connection.request(name, given, { alone: true, once: this.commands.is(name, "once"), until });
        if (name === "passwd" && this._session.keepsakes.token !== null) asked.then(() => this._session.renewToken(), () => {});
        return asked;
    }

    /**
     * Switch to the room or user in the answer; remember a question, or a password.
     * @param {Event} event
     * @param {string | undefined} password
     * @param {Leading | null} [leading]
     */
    _answered(event, password, leading = null) {
        if (password !== undefined) this._session.connection.proved({ account_password: password });
        if (event.event === "asked") this._question = event.question;
        const to = placeOf(event);
        if (to === undefined) return event;
        leading?.carry(this._session.state.open(to));
        this._session.lookAt(to);
        return event;
    }

    /**
     * Show a request as waiting until it is answered; restore it to the input if refused. Return whether that is all: the visit has not ended before.
     * @param {Promise<Event>} asked
     * @param {string} shown
     * @param {Buffer} pane
     * @param {string} text
     */
    async _wait(asked, shown, pane, text, action = false, time = this._session.now) {
        const waiting = this._session.state.wait(pane, shown, time, action);
        const done = await asked.then(() => true, error => this._wentWrong(error, text, pane));
        this._session.state.settled(pane, waiting);
        return done;
    }

    /**
     * Say what went wrong; return false if the visit has ended, which the user was told.
     * @param {unknown} error
     * @param {string} text
     * @param {Buffer} pane
     */
    _wentWrong(error, text, pane) {
        if (error instanceof NotConnected) return false;
        const where = this._session.state.find(pane.name) === pane ? pane.name : undefined;
        const masked = this.commands.masked(text);
        if (error instanceof Refused) {
            if (masked === text) this._session.giveBack(text, pane);
            this._session.note(error.message, true, where);
        } else this._session.note(`The connection was lost. This may not have arrived: ${masked}`, true, where);
        return true;
    }
}

/**
 * Return the name of the room or conversation in an answer that leads there.
 * @param {Event} event
 * @returns {string | undefined}
 */
function placeOf(event) {
    if (event.event === "entered") return event.room;
    return event.event === "talking" ? (event.to && `@${event.to}`) || event.room : undefined;
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
