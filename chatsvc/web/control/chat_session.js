/** A visit to the chat: joining, following events, reconnecting. It puts the parts together, without a page. */

import { SERVER } from "../model/buffers.js";
import { State } from "../model/state.js";
import { TypingIndicator } from "../model/typing_indicator.js";
import { Connection } from "../net/connection.js";
import { FIRST_ROOM } from "../net/resume_state.js";
import { CompletionSource } from "./completion_source.js";
import { HistoryLoader } from "./history_loader.js";
import { InputHandler } from "./input_handler.js";
import { Preferences } from "./preferences.js";

/** @typedef {import("../model/buffers.js").Buffer} Buffer */
/** @typedef {import("../model/items.js").Event} Event */
/** @typedef {import("../net/connection.js").Clock} Clock */
/** @typedef {import("../net/connection.js").Identity} Identity */
/** @typedef {import("../net/connection.js").Socket} Socket */
/** @typedef {import("../net/failures.js").Refused} Refused */
/** @typedef {import("./keepsakes.js").Keepsakes} Keepsakes */

/**
 * What the login form shows.
 * @typedef {object} Login
 * @property {boolean} busy the server has not answered yet
 * @property {string} name
 * @property {Refused | null} refused
 * @property {boolean} password ask for the server's password
 * @property {boolean} account ask for the password of the name
 * @property {string} over why the visit ended
 */

/** Keeps the state in step with the server. */
export class ChatSession {
    /**
     * @param {() => Socket} open opens a WebSocket
     * @param {Clock} clock
     * @param {Keepsakes} keepsakes
     * @param {() => void} changed
     */
    constructor(open, clock, keepsakes, changed, preferences = new Preferences(null)) {
        this.keepsakes = keepsakes;
        this.preferences = preferences;
        this.state = new State(changed);
        this.connection = new Connection(open, clock, this, keepsakes.client(() => secret(clock)));
        this.reading = new HistoryLoader(this.connection, this.state, clock);
        this.input = new InputHandler(this);
        this.completing = new CompletionSource(this);
        this.typing = new TypingIndicator((how, pane) => this._signal(how, pane));
        this.inside = false; // has joined, connected or not
        /** @type {Login | null} null while the user is in the chat */
        this.login = { busy: false, name: "", refused: null, password: false, account: false, over: "" };
        /** @type {(text: string, pane: Buffer) => void} restores a refused text to the input */
        this.giveBack = (text, pane) => (pane.draft ||= text);
        /** @type {(text: string) => void} inserts a text into the input */
        this.insert = () => {};
        /** @type {(event: Event, given: {command: string, given: Record<string, unknown>}) => void} shows a list that was asked for */
        this.present = () => {};
        /** @type {string | null} the room to show as soon as it is joined again after a reload */
        this._goal = null;
        /** Starts the page again from the beginning. */
        this.restart = () => {};
        this._clock = clock;
        this._changed = changed;
        /** @type {((identity: Identity) => void) | null} */
        this._answer = null;
    }

    /** Whether the user is an operator of the server. */
    get isOperator() {
        return this.state.operator;
    }

    /** The time. */
    get now() {
        return this._clock.now();
    }

    // Joining

    /** Come back after a reload, or ask the server what the login form needs. */
    begin() {
        const place = this.keepsakes.place;
        if (place !== null && this.login !== null) {
            this.connection.resume.remember(place.rooms);
            this.connection.resume.here = this._goal = place.here;
            this.logIn({ name: place.name });
        } else this.connection.look();
    }

    /**
     * Log in as the form says.
     * @param {Identity} identity
     */
    logIn(identity) {
        if (this.login !== null) this.login = { ...this.login, busy: true, name: identity.name, over: "" };
        const answer = this._answer;
        this._answer = null;
        if (answer !== null) answer(identity);
        else this.connection.login(identity);
        this._changed();
    }

    /**
     * Show the login form again.
     * @param {Refused} refused
     * @param {Identity} identity
     * @returns {Promise<Identity>}
     */
    refused(refused, identity) {
        const ofName = refused.code === "registered" || (refused.code === "wrong-password" && refused.suggestion !== undefined);
        const ofServer = !ofName && (refused.code === "password-needed" || refused.code === "wrong-password");
        this.login = {
            busy: false, name: identity.name, refused, over: "", password: ofServer || identity.password !== undefined, account: ofName,
        };
        this._changed();
        return new Promise(resolve => (this._answer = resolve));
    }

    /** Note that the server has let us in, for the first time or again. */
    back() {
        if (!this.connection.resume.places.size) this.connection.resume.remember([FIRST_ROOM]);
        this.inside = true;
        this.login = null;
        this._keepPlace();
        this._changed();
    }

    /** @param {string} _reason */
    lost(_reason) {
        this._changed(); // the status line says so
    }

    /**
     * Note that the visit has ended.
     * @param {string} why
     */
    over(why) {
        this.inside = false;
        this.keepsakes.place = null;
        this.login = { busy: false, name: this.state.name, refused: null, password: false, account: false, over: why };
        this._changed();
    }

    /**
     * Leave the chat, and nothing for the next person at this computer.
     * @param {string} [words]
     */
    leave(words) {
        this.connection.leave(words);
        this.keepsakes.clear();
        this.restart();
    }

    changed() {
        this._changed();
    }

    // Events

    /**
     * @param {Event} event
     * @param {boolean} own
     */
    event(event, own) {
        if (event.event === "goodbye") return;
        this.state.apply(event, this.now, own);
        if (event.event === "entered") {
            void this.reading.askWho(event.room);
            this.reading.fill(this.state.open(event.room));
            if (event.room === this._goal) this._reachGoal(event.room);
        }
        if (["entered", "exited", "removed", "renamed", "you"].includes(event.event)) this._keepPlace();
    }

    /** @param {string} room */
    _reachGoal(room) {
        this._goal = null;
        this.lookAt(room);
    }

    _keepPlace() {
        const { resume } = this.connection;
        this.keepsakes.place = {
            name: resume.account ?? resume.name, rooms: [...resume.places.keys()], here: this._goal ?? this.state.here, account: resume.account !== null,
        };
    }

    // What the user does

    /**
     * Switch to another buffer; each keeps its own draft.
     * @param {string} name
     */
    lookAt(name) {
        const pane = this.state.select(name);
        this.reading.fill(pane);
        if (pane.name.startsWith("#") && pane.inside) {
            this.connection.resume.here = pane.name;
            void this.reading.standIn(pane.name);
        }
        this._keepPlace();
    }

    /**
     * Go to a room or conversation, joining or opening it if necessary.
     * @param {string} name
     */
    goTo(name) {
        if (name.startsWith("#") && !this.state.find(name)) this.input.typed(`/join ${name}`, this.state.pane);
        else this.lookAt(name);
    }

    /**
     * Show a message, or the first one after a time; return whether there is one.
     * @param {string} name
     * @param {number | string} where
     */
    async jump(name, where) {
        this.goTo(name);
        const pane = this.state.find(name);
        return pane !== undefined && await this.reading.jump(pane, where);
    }

    /** The buffers in the order of the list: rooms, conversations, the server's messages. */
    get listed() {
        const rank = (/** @type {Buffer} */ pane) => (pane.name === SERVER ? 2 : Number(pane.private));
        const listed = [...this.state.panes.values()].filter(pane => pane.name !== SERVER || pane.items.length > 0 || pane === this.state.pane);
        return listed.sort((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name));
    }

    /**
     * Switch to the next or previous buffer in the list.
     * @param {number} steps
     */
    step(steps) {
        const names = this.listed.map(pane => pane.name);
        this.lookAt(names[(names.indexOf(this.state.here) + steps + names.length) % names.length]);
    }

    /**
     * Hide everything in a buffer so far.
     * @param {Buffer} pane
     */
    clear(pane) {
        pane.clear();
        this._changed();
    }

    /**
     * Show a notice.
     * @param {string} text
     * @param {boolean} [wrong]
     * @param {string} [where]
     */
    note(text, wrong, where) {
        this.state.note(text, this.now, wrong, where);
    }

    /**
     * @param {string} how
     * @param {Buffer} pane
     */
    _signal(how, pane) {
        if (!this.connection.here) return; // a lost notice does no harm
        const to = pane.private ? { name: pane.name.slice(1) } : { room: pane.name };
        this.connection.request("signal", { signs: { typing: how }, ...to }, { once: true, shown: false }).catch(() => {});
    }
}

/** @param {Clock} clock */
function secret(clock) {
    const bytes = globalThis.crypto?.getRandomValues?.(new Uint8Array(24)) ?? Array.from({ length: 24 }, () => clock.random() * 256);
    return Array.from(bytes, byte => Math.floor(byte).toString(16).padStart(2, "0")).join("");
}

